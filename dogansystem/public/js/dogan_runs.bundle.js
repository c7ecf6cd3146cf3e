// Draws runs: the timeline of one, and the list of a document's or a workflow's.

import "./dogan_runs/format";
import "./dogan_runs/run_list";
import "./dogan_runs/timeline";
