// The page Dogan Capacity: what the system does now, and before and after scaling.

import "./dogan_capacity/numbers";
import "./dogan_capacity/now";
import "./dogan_capacity/charts";
import "./dogan_capacity/report";
import "./dogan_capacity/baselines";
import "./dogan_capacity/advice";
import "./dogan_capacity/page";
