// The page My Approvals: what waits for whoever looks, what they have decided, and who stands in for them.

import "./dogan_inbox/card";
import "./dogan_inbox/many";
import "./dogan_inbox/waiting";
import "./dogan_inbox/decided";
import "./dogan_inbox/substitutes";
import "./dogan_inbox/page";
