"""The Qt desktop client. It shows the worker's state and owns none of it."""
