"""What every route is given: the market, and the gate that checks senders."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from gridle.market.service.http.auth import Gate
from gridle.market.service.http.chain_desk import ChainDesk
from gridle.market.service.usecases.market import Market

Asked = Request[Any, Any, State]

# These are ours, not the sender's: the framework is not to validate them.
TheMarket = NamedDependency[SkipValidation[Market]]
TheDesk = NamedDependency[SkipValidation[ChainDesk]]
TheGate = NamedDependency[SkipValidation[Gate]]

WaitS = Annotated[float, QueryParameter(name="wait_s", ge=0, le=60)]
After = Annotated[int, QueryParameter(name="after", ge=0, le=2**63 - 1)]
