// The states of runs and steps: their colours, and which of them are an end.

export const STATE_COLOURS = {
	Pending: "gray",
	Queued: "gray",
	Ready: "light-blue",
	Running: "blue",
	Waiting: "yellow",
	Paused: "purple",
	Succeeded: "green",
	Failed: "red",
	Skipped: "gray",
	Cancelled: "gray",
	Compensated: "purple",
};

export const FINISHED = ["Succeeded", "Failed", "Cancelled"];
export const STEP_FINISHED = [...FINISHED, "Skipped", "Compensated"];
