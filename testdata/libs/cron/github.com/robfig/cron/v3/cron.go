// Package cron is a stand-in for tests of robfig/cron: real names and signatures.
package cron

type Job interface{ Run() }

type FuncJob func()

func (f FuncJob) Run() { f() }

type (
	EntryID int
	Option  func(*Cron)
)

type Cron struct{ jobs []Job }

func New(opts ...Option) *Cron { return &Cron{} }

func (c *Cron) AddFunc(spec string, cmd func()) (EntryID, error) { return c.AddJob(spec, FuncJob(cmd)) }

func (c *Cron) AddJob(spec string, cmd Job) (EntryID, error) {
	c.jobs = append(c.jobs, cmd)
	return EntryID(len(c.jobs)), nil
}

func (c *Cron) Run() {
	for _, j := range c.jobs {
		j.Run()
	}
}
