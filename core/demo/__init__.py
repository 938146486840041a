"""The demo: two organizations with people, accounts on three networks, and a few weeks of posts in every state.

Everything is done the way people and programs do it: consent at the sandbox's dialog, commands of the nouns, real
sends. Only the times of what lies in the past are moved afterwards, as the owner of the tables (`history`).
"""

from core.demo.loading import load

__all__ = ["load"]
