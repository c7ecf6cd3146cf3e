// AI agents: the page of each one, and what their forms need: tools without JSON, a model that is tried, a turn that is read.

import "./dogan_agents/page";
import "./dogan_agents/tools";
import "./dogan_agents/forms";
