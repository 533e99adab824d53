"""A stand-in that plays NAVER in the demo and in tests: its authorise page, token address and profile, and no more.

It is there only where the portal is a demo. What it answers has the shapes of V1 to V5.
"""
