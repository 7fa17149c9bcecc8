"""The choice among the kinds of task."""

from __future__ import annotations

from typing import Any

from pellucid.network.network import Network
from pellucid.training.head_task import HeadTask, frozen_body
from pellucid.training.image_data import needs_windows
from pellucid.training.image_task import ImageTask
from pellucid.training.task import Task, TaskOptions


def task_for(net: Network, data: Any, options: TaskOptions) -> type[Task]:
    """The kind of task that suits a network, data and options."""
    if net.program.takes_sequences:
        if options.function is not None:
            from pellucid.training.sequence_function_task import SequenceFunctionTask

            return SequenceFunctionTask
        from pellucid.training.sequence_task import SequenceTask

        return SequenceTask
    windowed = needs_windows(data, options.augment)
    if options.function is not None:
        from pellucid.training.function_task import FunctionTask, WindowedFunctionTask

        return WindowedFunctionTask if windowed else FunctionTask
    if windowed:
        from pellucid.training.windowed_task import WindowedTask

        return WindowedTask
    return HeadTask if options.augment is None and frozen_body(net, options.frozen) else ImageTask
