"""The OpenID provider of the sandbox: how people of the demo sign in to the console."""
