"""Find what is right and wrong with any file or folder that should hold states, in plain words."""

from lstmviz.doctor.diagnose import diagnose
from lstmviz.doctor.finding import Finding, Mark

__all__ = ["Finding", "Mark", "diagnose"]
