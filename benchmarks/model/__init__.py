"""The simulation and the queueing formula against what real workers did."""
