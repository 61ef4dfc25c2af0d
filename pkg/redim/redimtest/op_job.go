package redimtest

import (
	"strconv"
	"strings"
)

// scheduleNow is the schedule type of a job without any time.
const scheduleNow = 1

const (
	jobGroup      = "JobOps_"
	createJobName = jobGroup + "CreatePasswordChangeJob"
)

func jobOperations() []*operation {
	create := []field{
		nested("JobInfoBase", fieldsOf(defaultBase())...), nested("PasswordChangeSettings", fieldsOf(defaultSettings())...),
		nested("ScheduleInfo", fieldsOf(defaultSchedule())...), text("SystemList"),
	}
	return []*operation{
		{name: createJobName, request: create, signed: true, run: createJob, resources: post("Job/PasswordChange")},
		{name: jobGroup + "GetJobPasswordChangeSettings", request: []field{number("JobID")}, signed: true, run: jobSettings},
		{name: jobGroup + "SetJobComment", request: []field{text("Comment"), number("JobID")}, signed: true, run: setJobComment},
		{name: jobGroup + "GetJobStatus", request: []field{number("JobID")}, signed: true, run: jobStatus},
	}
}

func createJob(c *call) (any, error) {
	if err := c.need(permAllAccess); err != nil {
		return nil, err
	}
	j := &job{
		by: c.who.id.String(), systems: strings.TrimSpace(c.in.str("SystemList")), broken: c.hit(faultFailJob),
		settings: overlay(blank(defaultSettings()), c.in.obj("PasswordChangeSettings")),
		base:     overlay(blank(defaultBase()), c.in.obj("JobInfoBase")),
		schedule: overlay(blank(defaultSchedule()), c.in.obj("ScheduleInfo")),
	}
	if j.systems == "" || j.settings.str("FullAccountName") == "" {
		return nil, refuse(badRequest, "the job names no system or no account")
	}
	j.due = c.now.Add(c.service.JobDelay)
	j.explicit, j.current = j.takeSecret("ExplicitPassword"), j.takeSecret("CurrentPassword")
	j.takeSecret("LoginPassword")
	if next := j.base.time("NextRunTimeUTC"); j.schedule.num("ScheduleType") != scheduleNow && next.After(j.due) {
		j.due = next
	}
	c.nextJob++
	j.id = c.nextJob
	c.jobs[j.id] = j
	c.tally.jobsCreated++
	return c.jobReply(j.id), nil
}

// jobReply answers a new job's id in the form that the estate asks for.
func (m *model) jobReply(id int64) any {
	switch strings.ToLower(m.service.JobReply) {
	case "string":
		return strconv.FormatInt(id, 10)
	case "object":
		return derived(result(true, "created"), member{"JobID", id})
	}
	return id
}

// job finds the job that a request names.
func (c *call) job() (*job, error) {
	if err := c.need(permAllAccess); err != nil {
		return nil, err
	}
	j := c.jobs[c.in.num("JobID")]
	if j == nil {
		return nil, refuse(missing, "no job has the id %d", c.in.num("JobID"))
	}
	return j, nil
}

func jobSettings(c *call) (any, error) {
	j, err := c.job()
	if err != nil {
		return nil, err
	}
	return record(member{"JobID", j.id}, member{"JobInfoBase", j.base}, member{"PasswordChangeSettings", j.settings},
		member{"ScheduleInfo", j.schedule}, member{"SystemList", j.systems}), nil
}

func setJobComment(c *call) (any, error) {
	j, err := c.job()
	if err != nil {
		return nil, err
	}
	j.comment = c.in.str("Comment")
	return void{}, nil
}

func jobStatus(c *call) (any, error) {
	j, err := c.job()
	if err != nil {
		return nil, err
	}
	var last any
	if j.status != jobScheduled {
		last = j.due
	}
	return record(member{"JobID", j.id}, member{"LastRunTimeUTC", last}, member{"Message", j.message}, member{"Status", j.status}), nil
}
