"""The company's services as the portal knows them: who may call, with which key, how often."""
