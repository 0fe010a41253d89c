package daemon

import "math/rand/v2"

// A made-up name is one of each, with an underscore between.
var (
	manners = []string{
		"able", "amber", "brave", "bright", "brisk", "calm", "clear", "clever", "cosy", "crisp", "daring", "eager", "early", "fair",
		"fond", "fresh", "gentle", "glad", "golden", "grand", "happy", "hardy", "honest", "jolly", "keen", "kind", "light", "lively",
		"lucky", "mellow", "merry", "mighty", "modest", "neat", "nimble", "noble", "patient", "plain", "proud", "quick", "quiet",
		"rapid", "ready", "rosy", "sharp", "silent", "silver", "sly", "smart", "snug", "solid", "steady", "still", "sunny", "swift",
		"tidy", "tiny", "true", "vivid", "warm", "wild", "wise", "witty", "young",
	}
	things = []string{
		"anchor", "apple", "badger", "barge", "basket", "beacon", "birch", "boat", "bridge", "brook", "cabin", "candle", "canyon",
		"cedar", "cliff", "cloud", "comet", "compass", "coral", "crane", "creek", "delta", "dune", "eagle", "falcon", "fern", "fjord",
		"forest", "fox", "garden", "glacier", "harbor", "hare", "heron", "hill", "island", "kettle", "kite", "lagoon", "lantern",
		"lark", "lemon", "lighthouse", "lynx", "maple", "meadow", "moon", "mountain", "oak", "ocean", "otter", "owl", "pebble",
		"pine", "planet", "pond", "prairie", "quarry", "raft", "raven", "reef", "river", "robin", "sail", "sparrow", "spring",
		"star", "stone", "summit", "swan", "thunder", "tide", "trail", "tulip", "valley", "wagon", "walnut", "willow", "windmill", "wren",
	}
)

func madeUpName() string {
	return manners[rand.IntN(len(manners))] + "_" + things[rand.IntN(len(things))]
}
