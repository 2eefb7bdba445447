"""The app: which routes there are, in which order, and what every request passes through."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI

from api import VERSION, middleware, problem_responses, problems
from api.dependencies import signed_in
from api.problems import NotSignedIn, WrongToken
from api.routes import (
    catalogue,
    checkpoints,
    concepts,
    control,
    datasets,
    events,
    export,
    forks,
    health,
    lineage,
    metrics,
    page,
    retention,
    runs,
    series,
    session,
    specs,
    sweeps,
    twins,
    workers,
)
from api.services import Services
from api.settings import Settings

PREFIX = "/api/v1"
OPEN = (health.router, session.router)
"""Routes for everybody."""
SIGNED_IN = (
    catalogue.router,
    concepts.router,
    specs.router,
    datasets.router,
    runs.router,
    forks.router,
    twins.router,
    lineage.router,
    retention.router,
    sweeps.router,
    control.router,
    series.router,
    checkpoints.router,
    export.router,
    events.router,
    workers.router,
    metrics.router,
)
"""Routes for whoever is signed in. A new resource is one line here."""
DESCRIPTION = """Launch GANs, watch mode collapse while it happens, and turn the regularisation while they train.

Sign in with `Authorization: Bearer <token>`. Lists answer `{"items", "next"}`; `next` is the cursor for `after`.
Numbers that are not finite travel as the strings "NaN", "Infinity" and "-Infinity". Errors are RFC 9457 problem
documents with a stable `code`."""


def create_app(settings: Settings) -> FastAPI:
    """The app with these settings; it checks the database and the artefact store when it starts."""
    services = Services.of(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        services.prepare()
        services.hub.start()
        yield
        await services.close()

    app = FastAPI(
        title="Modescope",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    for router in OPEN:
        app.include_router(router, prefix=PREFIX)
    guarded = APIRouter(dependencies=[Depends(signed_in)], responses=problems.responses(NotSignedIn, WrongToken))
    for router in SIGNED_IN:
        guarded.include_router(router)
    app.include_router(guarded, prefix=PREFIX)
    app.include_router(page.router)
    problem_responses.install(app)
    app.add_middleware(middleware.Compression)
    app.add_middleware(middleware.SameOrigin, hosts=settings.hosts)
    app.add_middleware(middleware.SafeHeaders)
    return app
