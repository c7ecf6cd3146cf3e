"""The app's hooks: documents, scheduler, desk, permissions, installing."""

app_name = "dogansystem"
app_title = "Dogan System"
app_publisher = "DoganSystem contributors"
app_description = "Workflows and agents that live inside ERPNext, on Frappe's own workers"
app_email = "hello@example.com"
app_license = "MIT"

before_install = "dogansystem.install.before_install"
after_install = "dogansystem.install.after_install"
after_migrate = "dogansystem.install.after_migrate"
before_uninstall = "dogansystem.install.before_uninstall"
after_uninstall = "dogansystem.install.after_uninstall"

before_tests = "dogansystem.tests.outcome.watch"

# A document that no workflow wants costs one lookup here, and its transaction one short read.
doc_events = {
	"*": {
		**dict.fromkeys(
			("on_update", "on_update_after_submit", "on_submit", "on_cancel", "after_delete", "on_change"),
			"dogansystem.homes.frappe.events.on_event",
		),
		"after_rename": "dogansystem.homes.frappe.events.on_rename",
	}
}

# A scrape of the metrics brings its token where Frappe expects a login: it is taken out before Frappe looks. So does a
# webhook, whose body is not for Frappe either.
before_request = ["dogansystem.api.metrics.keep_token", "dogansystem.api.webhooks.keep_request"]

# The short address of a workflow's webhook.
override_whitelisted_methods = {"dogansystem.webhook": "dogansystem.api.webhooks.receive"}

# A mail of a step says that it is automatic.
make_email_body_message = ["dogansystem.homes.frappe.people.say_automatic"]

# Every minute: schedules and waits that are due, takeovers, a ring if work is ready.
scheduler_events = {"cron": {"* * * * *": ["dogansystem.jobs.tick"]}}

# Deleting a document must not fail because a run was once about it.
ignore_links_on_delete = [
	"Dogan Workflow Run",
	"Dogan Step Run",
	"Dogan Agent Turn",
	"Dogan Approval",
	"Dogan Approver",
	"Dogan Approval Decision",
]

permission_query_conditions = {
	"Dogan Workflow Run": "dogansystem.homes.frappe.permissions.run_conditions",
	"Dogan Step Run": "dogansystem.homes.frappe.permissions.step_run_conditions",
	"Dogan Agent Turn": "dogansystem.homes.frappe.permissions.turn_conditions",
	"Dogan Approval": "dogansystem.homes.frappe.approval_permissions.approval_conditions",
	"Dogan Approver": "dogansystem.homes.frappe.approval_permissions.approver_conditions",
	"Dogan Approval Decision": "dogansystem.homes.frappe.approval_permissions.decision_conditions",
	"Dogan Substitute": "dogansystem.homes.frappe.approval_permissions.substitute_conditions",
}
has_permission = {
	"Dogan Workflow Run": "dogansystem.homes.frappe.permissions.may_see_run",
	"Dogan Step Run": "dogansystem.homes.frappe.permissions.may_see_step_run",
	"Dogan Agent Turn": "dogansystem.homes.frappe.permissions.may_see_step_run",
	"Dogan Approval": "dogansystem.homes.frappe.approval_permissions.may_see_approval",
	"Dogan Approver": "dogansystem.homes.frappe.approval_permissions.may_see_row",
	"Dogan Approval Decision": "dogansystem.homes.frappe.approval_permissions.may_see_row",
	"Dogan Substitute": "dogansystem.homes.frappe.approval_permissions.may_use_substitute",
}

# What Frappe's Log Settings delete after so many days, until somebody sets another number.
default_log_clearing_doctypes = {"Dogan Rehearsal": 30}

extend_bootinfo = "dogansystem.api.desk.boot"

app_include_js = "dogansystem.bundle.js"
app_include_css = "dogansystem.bundle.css"
