"""A run as one HTML file that opens without a server: the page itself, with the api's answers inside.

One truth: there is no second viewer. The page's own modules are put into the file as they are, with one of them
replaced (`frontend/recorded/lib/connection.js`), which takes every answer out of the file. This folder reads
and writes; what an answer is, the stores and the contract say.
"""
