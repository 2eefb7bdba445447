"""The page: one HTML file at each of its addresses, its own files, and Plotly."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api import docs_page
from api.dependencies import ServicesDep
from api.page import IMMUTABLE
from api.problems import NoSuchPath, responses
from contract.numbers import shown

router = APIRouter(tags=["page"], include_in_schema=False)


@router.get("/", operation_id="page_runs", response_class=HTMLResponse)
@router.get("/launch", operation_id="page_launch", response_class=HTMLResponse)
@router.get("/runs/{id}", operation_id="page_run", response_class=HTMLResponse)
@router.get("/runs/{id}/lineage", operation_id="page_lineage", response_class=HTMLResponse)
@router.get("/compare", operation_id="page_compare", response_class=HTMLResponse)
@router.get("/runs/{id}/twins/{request_id}", operation_id="page_twins", response_class=HTMLResponse)
@router.get("/sweeps", operation_id="page_sweeps", response_class=HTMLResponse)
@router.get("/workers", operation_id="page_workers", response_class=HTMLResponse)
@router.get("/docs", operation_id="page_docs", response_class=HTMLResponse)
@router.get("/docs/{name}", operation_id="page_concept", response_class=HTMLResponse)
@router.get("/sweeps/{id}", operation_id="page_sweep", response_class=HTMLResponse)
def get_index(serving: ServicesDep, request: Request) -> Response:
    """The page; what it shows is for its address to say, and whether a run exists it asks the API."""
    return serving.page.index(request)


@router.get("/static/{path:path}", operation_id="page_file", response_class=Response, responses=responses(NoSuchPath))
def get_file(serving: ServicesDep, request: Request, path: str) -> Response:
    """A file of the page."""
    return serving.page.file(request, path)


@router.get("/assets/{name}", operation_id="page_asset", response_class=Response, responses=responses(NoSuchPath))
def get_asset(serving: ServicesDep, request: Request, name: str) -> Response:
    """Plotly, under its version; without the version, the way there.

    Raises:
        NoSuchPath: if it is another name.
    """
    plotly = serving.page.plotly
    if plotly.path == f"/assets/{name}":
        return plotly.asset.response(request, IMMUTABLE)
    if name == "plotly.min.js":
        return RedirectResponse(plotly.path, 307, {"Cache-Control": "no-cache"})
    raise NoSuchPath(f"there is no asset {shown(name)}; there is {plotly.path}")


@router.get("/api/v1/docs", operation_id="api_docs", response_class=HTMLResponse)
def get_docs(request: Request) -> HTMLResponse:
    """The API described for people: drawn here, since the usual viewers load scripts from elsewhere."""
    return HTMLResponse(docs_page.html(request.app.openapi()))
