package redim

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
)

// ask puts a question as an identity and reads the answer with read.
func (c *Client) ask(ctx context.Context, as pam.Identity, key string, p dialect.Params, read func(op *dialect.Operation, reply []byte) error) error {
	return c.as(ctx, as, call{key: key, params: p, read: read})
}

// Stored lists the stored credentials of one system, or of one DNS domain,
// that the identity may see. A system that the service does not know has none.
func (c *Client) Stored(ctx context.Context, as pam.Identity, system string) ([]pam.Credential, error) {
	found, err := c.credentials(ctx, as, "stored_list", dialect.Params{"system": system}, func(r dialect.Record) pam.Credential {
		return storedCredential(r, system)
	})
	if errors.Is(err, pam.ErrNotFound) {
		return nil, nil
	}
	return found, err
}

// SharedEntries lists the entries of a shared credential list.
func (c *Client) SharedEntries(ctx context.Context, as pam.Identity, list string) ([]pam.Credential, error) {
	return c.credentials(ctx, as, "shared_entries", dialect.Params{"list": list}, func(r dialect.Record) pam.Credential {
		return pam.Credential{
			Kind: pam.KindShared, List: or(r.Text("list"), list), System: r.Text("system"), Account: r.Text("account"),
			Type: pam.StorePasswordList, CheckedOutBy: r.Text("checked_out_by"), HolderUntold: !r.Has("checked_out_by"),
		}
	})
}

func (c *Client) credentials(ctx context.Context, as pam.Identity, key string, p dialect.Params, read func(dialect.Record) pam.Credential) ([]pam.Credential, error) {
	var found []pam.Credential
	err := c.ask(ctx, as, key, p, func(op *dialect.Operation, reply []byte) error {
		found = nil
		records, err := op.Records(reply)
		if err != nil {
			return err
		}
		for r := range records {
			credential := read(r)
			if credential.Account == "" {
				return op.Missing("an account in " + r.Member("account"))
			}
			found = append(found, credential)
		}
		return nil
	})
	return found, err
}

// storedCredential reads a record. An account may come with or without its
// domain; only a domain account ever has one.
func storedCredential(r dialect.Record, asked string) pam.Credential {
	c := pam.Credential{
		System: or(r.Text("system"), asked), Namespace: r.Text("namespace"), Account: r.Text("account"), AssetTag: r.Text("asset_tag"),
		Target: r.Text("target"), Type: r.StoreType("type"), CustomType: r.Text("custom_type"),
		Random: r.Bool("random"), AutoSpin: r.Bool("auto_spin"),
		CheckedOutBy: r.Text("checked_out_by"), HolderUntold: !r.Has("checked_out_by"), Expires: r.Date("expires"), LastChanged: r.Date("last_changed"),
	}
	if domain, name, ok := strings.Cut(c.Account, `\`); ok {
		c.Kind, c.Account, c.Namespace = pam.KindDomain, name, or(c.Namespace, domain)
	}
	return c
}

// SharedLists names the shared credential lists.
func (c *Client) SharedLists(ctx context.Context, as pam.Identity) ([]string, error) {
	var lists []string
	err := c.ask(ctx, as, "shared_lists", dialect.Params{}, func(op *dialect.Operation, reply []byte) error {
		lists = nil
		records, err := op.Records(reply)
		if err != nil {
			return err
		}
		for r := range records {
			if name := r.Text("value"); name != "" {
				lists = append(lists, name)
			}
		}
		return nil
	})
	return lists, err
}

// SystemName finds the name of the system at an address. ErrNotFound when
// there is none.
func (c *Client) SystemName(ctx context.Context, as pam.Identity, ip netip.Addr) (string, error) {
	var name string
	err := c.ask(ctx, as, "system_name", dialect.Params{"address": ip.String()}, func(op *dialect.Operation, reply []byte) (err error) {
		name, err = op.Text(reply)
		return err
	})
	if err == nil && name == "" {
		return "", pam.Failf(pam.ErrNotFound, "no system at %s", ip).WithHint("enroll the system in RED IM, or give its host name")
	}
	return name, err
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}
