package webui

import (
	"cmp"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/callroute/callroute/analyzer/article"
)

// words is what the article part of a page says of its own: what an article
// says anyway, and what only a page has. A %s or %d is filled in.
type words struct {
	article.Words
	pageWords
}

type pageWords struct {
	Processes, Steps, LeftOut, More, Cut, Picture, NoCode string
}

var vocabulary = map[article.Lang]pageWords{
	article.English: {
		Processes: "Processes", Steps: "%d steps", LeftOut: "The explorer leaves out %d functions that are farthest from the route.",
		More: "… %d more …", Cut: "… %d steps left out …", Picture: "Graph", NoCode: "The trace has no code; trace with --code.",
	},
	article.Chinese: {
		Processes: "进程", Steps: "%d 步", LeftOut: "浏览器视图省略了离路径最远的 %d 个函数。",
		More: "… 还有 %d 个 …", Cut: "… 省略 %d 步 …", Picture: "图", NoCode: "此记录不含代码;请用 --code 重新追踪。",
	},
}

// labels are the words of pages and scripts in a language. They are written in
// English where they stand; assets/zh.json has them in Chinese.
type labels struct {
	Lang article.Lang
}

// T is text in the language of the page.
func (l labels) T(text string) string { return cmp.Or(dictionary(l.Lang)[text], text) }

// dictionary is the words of a language by the English ones.
func dictionary(lang article.Lang) map[string]string {
	if lang == article.Chinese {
		return chinese()
	}
	return map[string]string{}
}

var chinese = sync.OnceValue(func() map[string]string {
	words := map[string]string{}
	text, err := assets.ReadFile("assets/zh.json")
	if err = cmp.Or(err, json.Unmarshal(text, &words)); err != nil {
		panic(fmt.Sprintf("assets/zh.json, which is compiled in: %v", err))
	}
	return words
})

// wordsScript gives scripts the words of a language.
func wordsScript(lang article.Lang) (string, error) {
	words, err := jsonScript(dictionary(lang))
	return fmt.Sprintf("const words = %s;\n", words), err
}
