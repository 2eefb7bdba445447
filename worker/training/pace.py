"""How fast the run goes: what one step takes by itself, and steps a second with everything on."""

import time


class Pace:
    """Measured over windows of a second: right for a GPU too, where a step returns before it is done."""

    WINDOW_S = 1.0

    def __init__(self) -> None:
        self.step_s = 0.0
        """What one step of training takes, without watching; 0 until the first window is over."""
        self.steps_per_s: float | None = None
        """With watching, pauses left out; None until the first window is over."""
        self._begin()

    def step(self, watching_s: float) -> bool:
        """Count one step, of which watching took that long; True when a window is over."""
        self._steps += 1
        self._watching_s += watching_s
        elapsed_s = time.perf_counter() - self._began
        if elapsed_s < self.WINDOW_S:
            return False
        self.step_s = max(elapsed_s - self._watching_s, 0.0) / self._steps
        self.steps_per_s = self._steps / elapsed_s
        self._begin()
        return True

    def skip(self) -> None:
        """Begin a new window: what lies behind was no training."""
        self._begin()

    def _begin(self) -> None:
        self._began = time.perf_counter()
        self._steps = 0
        self._watching_s = 0.0
