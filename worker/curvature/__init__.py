"""Second derivatives of losses: products with them, and what is told of their eigenvalues without ever forming them.

An operator is a function that multiplies a vector by a matrix; nothing here knows about networks' roles, components
or runs. `lanczos` finds the ends of a Hessian's spectrum, `density` all of it coarsely, `jacobian` the complex
eigenvalues of two players' vector field, and `line` how steeply a loss rises along random lines.
"""
