// The canvas: a workflow as a picture that is edited, and a run on it. Loaded with the first form that shows one.

import { desk } from "./dogan_canvas/desk";
import { RunCanvas } from "./dogan_canvas/run_canvas";
import { WorkflowViews } from "./dogan_canvas/workflow_views";

frappe.provide("dogan");

dogan.RunCanvas = RunCanvas;

// The views of the form; made with the first document that it shows.
dogan.show_workflow = async (frm) => {
	const name = frm.docname;
	const vocabulary = await desk.vocabulary();
	if (frm.docname !== name) return;
	frm.dogan_views = frm.dogan_views || new WorkflowViews(frm, vocabulary);
	frm.dogan_views.refresh();
};
