// Package sarama is a stand-in for tests of IBM/sarama: real names and
// signatures.
package sarama

import "context"

type Config struct{ ClientID string }

func NewConfig() *Config { return &Config{} }

type Encoder interface {
	Encode() ([]byte, error)
	Length() int
}

type StringEncoder string

func (s StringEncoder) Encode() ([]byte, error) { return []byte(s), nil }
func (s StringEncoder) Length() int             { return len(s) }

type ProducerMessage struct {
	Topic string
	Value Encoder
}

type ConsumerMessage struct {
	Topic string
	Value []byte
}

type SyncProducer interface {
	SendMessage(msg *ProducerMessage) (partition int32, offset int64, err error)
	Close() error
}

type syncProducer struct{ topics []string }

func (p *syncProducer) SendMessage(msg *ProducerMessage) (partition int32, offset int64, err error) {
	p.topics = append(p.topics, msg.Topic)
	return 0, 0, nil
}

func (p *syncProducer) Close() error { return nil }

func NewSyncProducer(addrs []string, config *Config) (SyncProducer, error) {
	return &syncProducer{}, nil
}

type (
	ConsumerGroupSession interface{ Context() context.Context }
	ConsumerGroupClaim   interface {
		Messages() <-chan *ConsumerMessage
	}
)

type ConsumerGroupHandler interface {
	Setup(ConsumerGroupSession) error
	Cleanup(ConsumerGroupSession) error
	ConsumeClaim(ConsumerGroupSession, ConsumerGroupClaim) error
}

type ConsumerGroup interface {
	Consume(ctx context.Context, topics []string, handler ConsumerGroupHandler) error
	Close() error
}

type consumerGroup struct{ id string }

func (c *consumerGroup) Consume(ctx context.Context, topics []string, handler ConsumerGroupHandler) error {
	return handler.ConsumeClaim(nil, nil)
}

func (c *consumerGroup) Close() error { return nil }

func NewConsumerGroup(addrs []string, groupID string, config *Config) (ConsumerGroup, error) {
	return &consumerGroup{groupID}, nil
}
