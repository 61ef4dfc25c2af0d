package redim

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/transport"
)

// Probe reads the help page of each interface. It signs in as nobody: of cfg it
// takes ServiceURL, Operations and HTTP only. ErrNotFound when the installation
// shows no help page at all.
func Probe(ctx context.Context, cfg Config) (dialect.Survey, error) {
	places, err := newPlaces(cfg)
	if err != nil {
		return dialect.Survey{}, err
	}
	c := &Client{root: places.roots[0], places: places, skew: &transport.Skew{}}
	if err := c.fill(cfg.HTTP); err != nil {
		return dialect.Survey{}, err
	}
	p := prober{Client: c, offers: map[string][]offer{}}
	for _, name := range dialect.Spoken() {
		d, err := dialect.Open(name, cfg.Operations)
		if err != nil {
			return dialect.Survey{}, err
		}
		p.dialects = append(p.dialects, d)
		if err := p.read(ctx, d); err != nil {
			return dialect.Survey{}, err
		}
	}
	return p.survey()
}

// prober is one survey under way.
type prober struct {
	*Client
	dialects []*dialect.Dialect
	pages    []dialect.Page
	offers   map[string][]offer // by the base of the interface
}

// read reads the help page of one interface. A page that is not there is no
// error; a service that is not, is.
func (p *prober) read(ctx context.Context, d *dialect.Dialect) error {
	var at *url.URL
	var text []byte
	var problem string
	err := p.places.ask(ctx, true, func(root *url.URL) (err error) {
		at = root.JoinPath(d.Base, "help")
		text, problem, err = p.helpPage(ctx, at)
		return err
	})
	if err != nil {
		return err
	}
	p.offers[d.Base] = helpOffers(string(text))
	if problem == "" && len(p.offers[d.Base]) == 0 {
		problem = noOperations
	}
	p.pages = append(p.pages, dialect.Page{Dialect: d.Name, Address: at.String(), Problem: problem})
	return nil
}

const noOperations = "a page that lists no operations"

// helpPage gets a page, or says why there is none.
func (c *Client) helpPage(ctx context.Context, at *url.URL) (page []byte, problem string, err error) {
	req := &http.Request{Method: http.MethodGet, URL: at, Host: at.Host, Header: http.Header{"User-Agent": {"redim"}}}
	resp, err := c.http.Do(req.WithContext(transport.Idempotent(ctx)))
	if err != nil {
		return nil, "", plain(err)
	}
	defer func() { _ = resp.Body.Close() }()
	page, err = readReply(resp)
	switch status := resp.StatusCode; {
	case status >= 500:
		return nil, "", pam.Failf(pam.ErrUnreachable, "the service is out of order: it answers its help page with %d", status).WithHint("try again later")
	case status != http.StatusOK:
		return nil, strconv.Itoa(status), nil
	case err != nil:
		return nil, "", plain(err)
	}
	return page, "", nil
}

// survey compares what is needed with what is there.
func (p *prober) survey() (dialect.Survey, error) {
	s := dialect.Survey{Pages: p.pages}
	least := 0
	for i, d := range p.dialects {
		page := &s.Pages[i]
		if page.Problem != "" {
			continue
		}
		if err := p.compare(d, page); err != nil {
			return s, err
		}
		missing := page.Missing()
		noLogIn := slices.ContainsFunc(missing, func(n dialect.Probed) bool { return n.Key == "log_in" })
		if !noLogIn && (s.Recommended == "" || len(missing) < least) {
			s.Recommended, least = d.Name, len(missing)
		}
	}
	if slices.ContainsFunc(s.Pages, func(page dialect.Page) bool { return page.Problem == "" }) {
		return s, nil
	}
	return s, p.noPage(s)
}

// noPage is the failure of an installation without any help page.
func (p *prober) noPage(s dialect.Survey) error {
	var said []string
	class := pam.ErrNotFound
	for _, page := range s.Pages {
		said = append(said, page.Address+" ("+page.Problem+")")
		if page.Problem == noOperations {
			class = pam.ErrProtocol
		}
	}
	f := pam.Failf(class, "no help page of the service at %s", strings.Join(said, ", "))
	if class == pam.ErrProtocol {
		return f.WithHint("a log-in page or a proxy may answer in the service's place; check endpoint_url")
	}
	return f.WithHint("check endpoint_url; where the help page is switched off, ask the operator of the service to switch it on, or for the list of operations")
}

func (p *prober) compare(d *dialect.Dialect, page *dialect.Page) error {
	used := map[offer]bool{}
	for _, key := range d.Keys() {
		op, err := d.Operation(key)
		if err != nil {
			return err
		}
		n := dialect.Probed{Key: key, Name: op.Name, Method: op.Method, Attested: op.Attested, Path: strings.TrimPrefix(p.place(op), p.root.Path)}
		for base, offers := range p.offers {
			for _, o := range offers {
				if samePlace(n.Path, base+o.uri) && (o.method == "" || o.method == n.Method) {
					n.Found, used[o] = true, true
				}
			}
		}
		page.Needed = append(page.Needed, n)
	}
	for _, o := range p.offers[d.Base] {
		if name := o.title(); !used[o] && !slices.Contains(page.Others, name) {
			page.Others = append(page.Others, name)
		}
	}
	slices.Sort(page.Others)
	for i, n := range page.Needed {
		if !n.Found {
			page.Needed[i].Instead = likest(n.Name, page.Others, p.reserved())
		}
	}
	return nil
}

// title tells an operation as an override would: by its place, and by its
// method when that is not POST.
func (o offer) title() string {
	if o.method == "" || o.method == http.MethodPost {
		return o.uri
	}
	return o.method + " " + o.uri
}

// reserved are the names that dialects have for something: none of them stands
// for something else.
func (p *prober) reserved() []string {
	var names []string
	for _, d := range p.dialects {
		for _, key := range d.Keys() {
			if op, err := d.Operation(key); err == nil {
				names = append(names, op.Name)
			}
		}
	}
	return names
}
