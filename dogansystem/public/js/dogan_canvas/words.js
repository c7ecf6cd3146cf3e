// Names that people read, of keys and of triggers.

const LABELS = (__) => ({
	doctype: __("Document type"), if: __("Only if"), for: __("For"), until: __("Until"), event: __("What happens to it"), to: __("To"),
	user: __("User"), subject: __("Subject"), message: __("Message"), name: __("Name"), values: __("Values"), filters: __("Filters"),
	fields: __("Fields"), description: __("Description"), title: __("Title"), id: __("Name in templates"), role: __("Role"),
	http: "HTTP", url: "URL", html: "HTML", csv: "CSV", json: "JSON", xml: "XML", base64: "Base64",
}); // prettier-ignore

// "order_by" → "Order by".
export function label_of(name, __) {
	const known = LABELS(__)[name];
	if (known) return known;
	const words = String(name).replace(/_/g, " ");
	return __(words.charAt(0).toUpperCase() + words.slice(1));
}

export const EVENTS = (__) => ({
	created: __("created"), updated: __("updated"), submitted: __("submitted"), cancelled: __("cancelled"),
	deleted: __("deleted"), changed: __("changed"),
}); // prettier-ignore

// Of a node, beside another version.
export const DIFFERENT = (__) => ({ added: __("added"), removed: __("removed"), changed: __("changed") });

export const LAY_OUT = (__) => __("Lay out again");

export const KINDS = (__) => ({
	document: { title: __("A document"), about: __("When a document is created, updated, submitted, cancelled, deleted, or a field of it changes.") },
	date: { title: __("A date of a document"), about: __("So long before or after a date that stands in a document.") },
	schedule: { title: __("A schedule"), about: __("Again and again, at certain times.") },
	condition: { title: __("A condition"), about: __("When a document begins to match filters.") },
	manual: { title: __("By hand"), about: __("A person presses Run, in the workflow or on a document.") },
	email: { title: __("A mail"), about: __("When a mail that fits is received.") },
	webhook: { title: __("A webhook"), about: __("When another system calls the workflow's own address.") },
	signal: { title: __("A signal"), about: __("When a signal of this name is sent.") },
	run: { title: __("Another workflow"), about: __("When a run of another workflow ends, such as one that failed.") },
}); // prettier-ignore

// What a trigger is, in a few words: "Lead created".
export function trigger_title(trigger, __) {
	const kind = KINDS(__)[trigger.on];
	const doctype = trigger.doctype ? __(trigger.doctype) : "";
	if (trigger.on === "document" && doctype && trigger.event) {
		const event = EVENTS(__)[trigger.event] || trigger.event;
		return trigger.event === "changed" && trigger.field
			? __("{0}: {1} changed", [doctype, trigger.field])
			: __("{0} {1}", [doctype, event]);
	}
	if (trigger.on === "schedule" && (trigger.every || trigger.cron)) return __("Every {0}", [trigger.every || trigger.cron]);
	const named = doctype || trigger.name || trigger.workflow || "";
	const title = kind ? kind.title : __("Choose what starts it");
	return named ? `${title}: ${named}` : title;
}
