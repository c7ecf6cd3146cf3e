// Runs: the timeline of one, the list of a document's or a workflow's, and what is asked before one starts or goes on.

import "./dogan_runs/format";
import "./dogan_runs/live";
import "./dogan_runs/problems";
import "./dogan_runs/run_now";
import "./dogan_runs/trying";
import "./dogan_runs/rehearsing";
import "./dogan_runs/parameters";
import "./dogan_runs/retry";
import "./dogan_runs/compare";
import "./dogan_runs/review";
import "./dogan_runs/gallery";
import "./dogan_runs/home";
import "./dogan_runs/run_list";
import "./dogan_runs/on_document";
import "./dogan_runs/family";
import "./dogan_runs/conversation";
import "./dogan_runs/timeline";
