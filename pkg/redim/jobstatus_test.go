package redim_test

import (
	"errors"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestAJobsStatusIsReadInAnyFormThatTheFrameworkWrites(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]pam.Job{
		`{"JobID":7,"LastRunTimeUTC":null,"Message":null,"Status":0}`:                          {State: pam.JobScheduled},
		`{"Status":"1","LastRunTimeUTC":"\/Date(1000)\/","New":[{}]}`:                          {State: pam.JobRunning},
		`{"__type":"S:#E","Status":2,"Message":"a\u2028b"}`:                                    {State: pam.JobSucceeded, Message: "a\u2028b"},
		`{"Status":3,"Message":"no access","LastRunTimeUTC":"\/Date(-62135596800000+0000)\/"}`: {State: pam.JobFailed, Message: "no access"},
		`{"Status":7}`:  {State: "7"},
		`{"Status":-1}`: {State: "-1"},
	} {
		got, err := canned(t, map[string]string{"JobOps_GetJobStatus": reply}).JobStatus(t.Context(), alice(), 7)
		if err != nil || got.ID != 7 || got.State != want.State || got.Message != want.Message {
			t.Errorf("%s: %+v, %v", reply, got, err)
		}
	}
	for _, reply := range []string{"", "null", "{}", "[]", "3", `{"Status":null}`, `{"Status":"done"}`} {
		if _, err := canned(t, map[string]string{"JobOps_GetJobStatus": reply}).JobStatus(t.Context(), alice(), 7); !errors.Is(err, pam.ErrProtocol) {
			t.Errorf("%s: %v", reply, err)
		}
	}
}
