// What is wrong with the site's machinery, where people would otherwise wait in vain.

frappe.provide("dogan");

dogan.problems_html = (problems) =>
	problems
		.map(({ sentence, remedy }) => `<div dir="auto"><b>${marked(sentence)}</b> ${marked(remedy)}</div>`)
		.join("");

// Above everything on a page; drawn again it takes its own place, and without problems it goes away.
dogan.show_problems = (wrapper, problems) => {
	wrapper.children(".dogan-problems").remove();
	if (problems.length) wrapper.prepend(`<div class="dogan-problems">${dogan.problems_html(problems)}</div>`);
};

dogan.show_problems_of_site = async (wrapper, is_still_there) => {
	const problems = await frappe.xcall("dogansystem.api.status.get_problems");
	if (is_still_there()) dogan.show_problems(wrapper, problems);
};

// Commands stand between backticks.
function marked(text) {
	const parts = text.split("`").map(dogan.escape);
	return parts.map((part, number) => (number % 2 ? `<code>${part}</code>` : part)).join("");
}
