"""Say in plain words what is right and wrong with any file or folder that is meant to hold states."""

from lstmviz.doctor.diagnose import diagnose
from lstmviz.doctor.finding import Finding, Mark

__all__ = ["Finding", "Mark", "diagnose"]
