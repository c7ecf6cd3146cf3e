"""What the app promises about speed, measured: ratios of two things in one run, on this machine, at this moment.

`script/benchmark` runs it. `scenarios/` has a file for each thing that is measured, `homes/` the places where it is
measured (sandbox, site of a bench), `windows.py` how, `report.py` what is promised and how it is shown.
"""
