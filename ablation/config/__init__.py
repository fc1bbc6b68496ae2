"""The typed schema of the study, one module for each thing that stages depend on."""

from ablation.config.arm import *
from ablation.config.base import *
from ablation.config.data import *
from ablation.config.figure import *
from ablation.config.study import *
