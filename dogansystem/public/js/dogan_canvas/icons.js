// A picture for each family of actions and kind of trigger: paths in a square of 16.

const PATHS = {
	document: "M4 1.5h5l3 3v10H4zM9 1.5v3h3M6 8h4M6 11h4",
	email: "M1.5 3.5h13v9h-13zM1.5 4l6.5 5 6.5-5",
	notify: "M4 11V7a4 4 0 0 1 8 0v4l1.5 1.5h-11zM6.5 14h3",
	http: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM1.5 8h13M8 1.5c-4 4-4 9 0 13M8 1.5c4 4 4 9 0 13",
	method: "M5.5 3.5 1.5 8l4 4.5M10.5 3.5l4 4.5-4 4.5",
	report: "M2.5 13.5v-5h3v5zM6.5 13.5v-10h3v10zM10.5 13.5v-7h3v7z",
	script: "M2 2.5h12v11H2zM4.5 6l2 2-2 2M8.5 10h3",
	data: "M2.5 4c0-3 11-3 11 0v8c0 3-11 3-11 0zM2.5 4c0 3 11 3 11 0M2.5 8c0 3 11 3 11 0",
	flow: "M8 1.5v4M8 5.5 3.5 9v5M8 5.5 12.5 9v5",
	agent: "M8 1.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM2 14.5c0-6 12-6 12 0z",
	date: "M2 3.5h12v11H2zM2 7h12M5 1.5v3M11 1.5v3",
	schedule: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM8 4v4l3 2",
	webhook: "M6 6a3 3 0 1 1 3.5 3M7 9.500a3 3 0 1 1-3-2.500M10 10h1a2.500 2.500 0 1 1-2 4",
	condition: "M2 2.5h12L9.500 8v5.500l-3-1.500V8z",
	signal: "M4 12a6 6 0 0 1 0-8M12 4a6 6 0 0 1 0 8M8 7a1 1 0 1 0 0 2 1 1 0 0 0 0-2z",
	run: "M4.500 2.500 12.500 8l-8 5.500z",
	manual: "M6 8V3a1.200 1.200 0 0 1 2.500 0v4l4 1v3l-1.500 3.500H6L3 9.500 4 8.500z",
};

export const path_of_icon = (name) => PATHS[(name || "").split(".")[0]] || PATHS.flow;
