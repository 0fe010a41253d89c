package diagram

import (
	"fmt"

	"github.com/callroute/callroute/analyzer/article"
)

// words is what pictures say of their own, in one language. A %d is filled in.
type words struct {
	programs, crossings, functions, gaps [2]string // of one, of more; functions of how many
	leftOut                              string    // functions of a process
	messages                             string    // of one function
	more                                 string    // lines of a note
	separator                            string
}

var vocabulary = map[article.Lang]words{
	article.English: {
		programs: [2]string{"1 program", "%d programs"}, crossings: [2]string{"1 crossing", "%d crossings"},
		functions: [2]string{"%d of 1 function", "%d of %d functions"}, gaps: [2]string{"1 gap", "%d gaps"},
		leftOut: "… %d more functions", messages: "and %d more", more: "… %d more …", separator: ", ",
	},
	article.Chinese: {
		programs: [2]string{"1 个程序", "%d 个程序"}, crossings: [2]string{"1 次进程间调用", "%d 次进程间调用"},
		functions: [2]string{"函数 %d / 1 个", "函数 %d / %d 个"}, gaps: [2]string{"1 个缺口", "%d 个缺口"},
		leftOut: "… 另有 %d 个函数", messages: "另有 %d 条", more: "… 还有 %d 个 …", separator: ",",
	},
}

// count writes "1 gap" or "3 gaps".
func count(n int, noun [2]string) string {
	if n == 1 {
		return noun[0]
	}
	return fmt.Sprintf(noun[1], n)
}
