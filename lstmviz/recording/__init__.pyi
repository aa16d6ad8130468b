from lstmviz.recording.batch.batch import Batch as Batch
from lstmviz.recording.batch.pass_inputs import Pass as Pass
from lstmviz.recording.in_memory import record_in_memory as record_in_memory
from lstmviz.recording.recording import Recording as Recording
from lstmviz.recording.start import record as record
