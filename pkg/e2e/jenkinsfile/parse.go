package jenkinsfile

import (
	"fmt"
	"slices"
)

// Pipeline is a declarative pipeline.
type Pipeline struct {
	Agent       string
	Options     []string
	Environment map[string]string // as in the file: texts in double quotes may hold ${env.NAME}
	Stages      []Stage
	Always      []Step // what follows, however it went
}

// Stage is one stage.
type Stage struct {
	Name  string
	Steps []Step
}

// Step is one script, and the secrets that are bound to variables around it, by the
// variables.
type Step struct {
	Script  string
	Secrets map[string]string
}

// Parse reads a file. Whatever it does not know is an error with its line.
func Parse(file string) (p Pipeline, err error) {
	all, err := tokens(file)
	if err != nil {
		return p, err
	}
	r := &reader{rest: all}
	defer func() {
		if failure, ok := recover().(parseError); ok {
			err = failure
		}
	}()
	r.want("pipeline")
	p.Environment = map[string]string{}
	r.block(map[string]func(){
		"agent":       func() { p.Agent = r.word() },
		"options":     func() { p.Options = r.options() },
		"environment": func() { r.environment(p.Environment) },
		"stages": func() {
			r.block(map[string]func(){"stage": func() { p.Stages = append(p.Stages, r.stage()) }})
		},
		"post": func() { r.block(map[string]func(){"always": func() { p.Always = r.steps(nil) }}) },
	})
	if len(r.rest) > 0 {
		r.fail("something follows the pipeline")
	}
	return p, nil
}

type parseError struct{ text string }

func (e parseError) Error() string { return e.text }

// reader takes tokens one by one. It panics with a parseError.
type reader struct {
	rest []token
	line int
}

func (r *reader) fail(format string, args ...any) {
	panic(parseError{fmt.Sprintf("line %d: ", r.line) + fmt.Sprintf(format, args...)})
}

func (r *reader) next() token {
	if len(r.rest) == 0 {
		r.fail("the file ends too early")
	}
	t := r.rest[0]
	r.rest, r.line = r.rest[1:], t.line
	return t
}

func (r *reader) peek(text string) bool {
	return len(r.rest) > 0 && r.rest[0].quoted == 0 && r.rest[0].text == text
}

func (r *reader) want(texts ...string) {
	for _, text := range texts {
		if t := r.next(); t.quoted != 0 || t.text != text {
			r.fail("%q is not %q", t.text, text)
		}
	}
}

func (r *reader) word() string {
	t := r.next()
	if t.quoted != 0 {
		r.fail("a text is no word")
	}
	return t.text
}

func (r *reader) text() string {
	t := r.next()
	if t.quoted == 0 {
		r.fail("%q is no text", t.text)
	}
	return t.text
}

// block reads what stands in braces, of which each begins with a known word.
func (r *reader) block(known map[string]func()) {
	r.want("{")
	for !r.peek("}") {
		name := r.word()
		read, ok := known[name]
		if !ok {
			r.fail("%q is not known here", name)
		}
		read()
	}
	r.want("}")
}

// options keeps the names of the options.
func (r *reader) options() []string {
	var names []string
	r.want("{")
	for !r.peek("}") {
		name := r.word()
		if !slices.Contains([]string{"disableConcurrentBuilds", "timeout"}, name) {
			r.fail("%q is no option", name)
		}
		names = append(names, name)
		r.want("(")
		for !r.peek(")") {
			r.next()
		}
		r.want(")")
	}
	r.want("}")
	return names
}

func (r *reader) environment(into map[string]string) {
	r.want("{")
	for !r.peek("}") {
		name := r.word()
		r.want("=")
		into[name] = r.text()
	}
	r.want("}")
}

func (r *reader) stage() Stage {
	r.want("(")
	s := Stage{Name: r.text()}
	r.want(")")
	r.block(map[string]func(){"steps": func() { s.Steps = r.steps(nil) }})
	return s
}

// steps reads scripts, perhaps with secrets bound around them.
func (r *reader) steps(secrets map[string]string) []Step {
	var out []Step
	r.block(map[string]func(){
		"sh":              func() { out = append(out, Step{Script: r.text(), Secrets: secrets}) },
		"withCredentials": func() { out = append(out, r.steps(r.bindings())...) },
	})
	return out
}

// bindings reads ([string(credentialsId: 'ID', variable: 'NAME')]).
func (r *reader) bindings() map[string]string {
	r.want("(", "[", "string", "(", "credentialsId", ":")
	id := r.text()
	r.want(",", "variable", ":")
	name := r.text()
	r.want(")", "]", ")")
	return map[string]string{name: id}
}
