package redimtest

import (
	"fmt"
	"time"
)

// Event is one entry of the audit trail, with the product's attribute names.
// Number is 0 where no public source has the event's number.
type Event struct {
	Posted      string `json:"dtPostTime"` // yyyy-dd-MMThh:mm:ss, day before month, as the product posts it
	ID          string `json:"sEventID"`
	Number      int    `json:"dwAppSpecificEventID"`
	BasicType   int    `json:"dwBasicEventType"`
	Application string `json:"sOriginatingApplicationName"`
	System      string `json:"sOriginatingSystem"`
	Account     string `json:"sOriginatingAccount"`
	Login       string `json:"sLoginName"`
	Address     string `json:"sIpAddress"`
	Message     string `json:"sMessage"`
}

// eventName is the product's name of an event number.
func eventName(number int) string {
	switch number {
	case 2002:
		return "EVENT_ID_PASSWORD_CHECKED_OUT"
	case 2003:
		return "EVENT_ID_PASSWORD_CHECKED_IN"
	case 2004:
		return "EVENT_ID_PASSWORD_CHECKOUT_EXPIRED"
	case 2013:
		return "EVENT_ID_JOB_STARTING_PASSWORD_CHANGE_ON_SYSTEM"
	case 3016:
		return "EVENT_ID_WEBAPP_LOGIN"
	}
	return "EVENT_ID_PASSWORD_RETRIEVED"
}

// event is what happened, before it is put into the product's words.
type event struct {
	number  int
	at      time.Time
	login   string
	address string
	account *account // nil for a log-in
	verb    string   // stands before the account
	text    string   // the message without an account
	note    string   // a comment
}

// keptEvents bounds the trail of a long run.
const keptEvents = 50_000

type eventLog struct{ kept []Event }

func (l *eventLog) add(e event) {
	if len(l.kept) >= keptEvents {
		l.kept = append(l.kept[:0:0], l.kept[keptEvents/2:]...)
	}
	l.kept = append(l.kept, e.posted())
}

func (e event) posted() Event {
	out := Event{
		Posted: postTime(e.at), ID: eventName(e.number), Number: e.number,
		Application: "ERPMWebService", Login: e.login, Address: e.address, Message: e.text,
	}
	if e.account != nil {
		out.System, out.Account = e.account.place(), e.account.full()
		out.Message = fmt.Sprintf("%s (%s)'%s'", e.verb, e.account.place(), e.account.named())
	}
	if e.note != "" {
		out.Message += "; comment: " + e.note
	}
	return out
}

// postTime writes the day before the month, as the product posts it.
func postTime(t time.Time) string {
	return t.UTC().Format("2006-") + t.UTC().Format("02-01T15:04:05")
}

// named is the account as the trail writes it, DOMAIN\account.
func (a *account) named() string {
	if a.domain != nil {
		return a.full()
	}
	return a.place() + `\` + a.name
}
