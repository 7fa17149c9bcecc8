"""Shipped networks, each as a safetensors file beside its recipe."""

from pellucid.network.shipped import DEFAULT as DEFAULT
from pellucid.network.shipped import HEARER as HEARER
from pellucid.network.shipped import READER as READER
from pellucid.network.shipped import names as names
from pellucid.network.shipped import shipped_path as shipped_path
