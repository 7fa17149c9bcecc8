"""How many images a shared page holds."""

EXAMPLES = 1000
"""Training images in a page, where nothing else is asked for; half as many are held out."""

MAX_EXAMPLES = 20_000

MAX_VALUES = 64_000_000
"""Most pixels of all images together: a page unpacks them into memory."""

MAX_CLASSES = 256
