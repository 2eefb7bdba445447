"""Second derivatives of losses: products with a Hessian, and its extreme eigenpairs, without ever forming it.

An operator is a function that multiplies a vector by a symmetric matrix; nothing here knows about networks' roles,
components or runs. No density of eigenvalues, and no Jacobian of the game.
"""
