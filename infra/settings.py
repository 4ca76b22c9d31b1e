"""One typed settings class, read once at the edge and passed inwards. Every setting is an environment variable ``GONGQIAO_…``."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from infra.engine_settings import EngineSettings
from streams.delivery.targets import Rules

_DISTINCT = 8  # different bytes that a random key of 32 has at least: fewer come once in 10^30
_SECRET = 16


class SettingsError(RuntimeError):
    """Settings that cannot be run with; says which and what to do."""


class Settings(EngineSettings):
    """Settings of one process. Secrets never appear in its repr."""

    model_config = SettingsConfigDict(env_prefix="GONGQIAO_", extra="ignore")

    data_dir: Path = Field(default=Path(".data"), description="folder of the embedded database, the index and, in development, the key")
    mode: Literal["development", "production"] = Field(default="development", description="production refuses to start without secrets")
    master_key: SecretStr | None = Field(default=None, description="64 hex digits; development keeps one in DATA_DIR/master.key")
    other_master_keys: SecretStr | None = Field(
        default=None, description="master keys that open but do not seal, with commas: while the master key is changed"
    )
    host: str = Field(default="127.0.0.1", description="address the web server listens on")
    port: int = Field(default=8000, description="port of the web server")
    public_url: str | None = Field(default=None, description="address people reach the exchange at, for links in mails")
    staff_second_factor: Literal["offered", "required"] = Field(
        default="offered", description="required: staff reach nothing before an authenticator is set up; meant for production"
    )
    oidc_issuer: str | None = Field(
        default=None, description="OpenID provider that staff may sign in with, as it names itself; absent: none"
    )
    oidc_client_id: str | None = Field(default=None, description="our name at the provider")
    oidc_client_secret: SecretStr | None = Field(default=None, description="our password at the provider")
    oidc_claim: str = Field(default="sub", description="claim of the id token that accounts are linked by: gongqiao account link")
    oidc_scope: str = Field(default="openid", description="what the provider is asked for; openid is in it")
    oidc_second_factor: str = Field(
        default="",
        description="values of acr or amr, with commas, that stand for a second factor asked by the provider; empty: ours is asked",
    )
    figures_dir: Path | None = Field(default=None, description="folder of CSV files of dated figures (docs/figures.md); absent: none")
    commitment_check_days: int = Field(
        default=60,
        ge=1,
        le=3650,
        description="days until staff look again at a licence that rests on a promise; no document states a figure",
    )
    posting_days: int = Field(default=60, ge=1, le=3650, description="days a posting without apply_by stays open")
    person_pushes_a_day: int = Field(default=10, ge=0, description="recommendations pushed to one person a day at most")
    posting_pushes_a_day: int = Field(default=50, ge=0, description="people one posting is pushed to a day at most")
    welfare_attempts: int = Field(
        default=3, ge=0, description="attempts on the market on record before public-welfare posts are listed; no document states a figure"
    )
    balance_exposure: bool = Field(
        default=True, description="of recommendations of the same band, those of postings that have reached few people go out first"
    )
    absorbed_period: Literal["year", "all"] = Field(
        default="year", description="hires that count for a threshold: of the calendar year, or all"
    )
    layoff_formula: Literal["dismissals_over_average", "net_decrease"] = Field(
        default="dismissals_over_average", description="how the layoff rate is computed; no document says it"
    )
    retention_formula: Literal["with_contracts_before_end", "completed_only"] = Field(
        default="with_contracts_before_end", description="whose contracts make the rate of interns who stay; no document says it"
    )
    retention_months: int = Field(
        default=12, ge=1, le=60, description="months whose internships make the rate of interns who stay; no document says it"
    )
    claim_most_steps: int = Field(
        default=5, ge=3, le=20, description="steps of a claim at most: 受理, 审核, 发放, and being held and released"
    )
    quiet_from: int = Field(default=22, ge=0, le=23, description="hour from which nothing is sent by mail or message gateway")
    quiet_to: int = Field(default=7, ge=0, le=23, description="hour until which nothing is sent by mail or message gateway")
    tick_seconds: float = Field(default=60.0, gt=0, description="seconds between two clock ticks")
    smtp_url: str | None = Field(
        default=None, repr=False, description="smtp://user:password@host:port, smtps:// for TLS; absent: no mail is sent"
    )
    mail_from: str = Field(default="gongqiao@localhost", description="sender of mails")
    gateway_url: str | None = Field(default=None, description="message gateway that takes signed HTTP posts; absent: none is sent")
    gateway_secret: SecretStr | None = Field(default=None, description="key of the signature on calls to the message gateway")
    webhook_loopback: bool = Field(
        default=False,
        description="webhooks may lead to this machine itself: for development and tests, production refuses to start with it",
    )
    requests_a_minute: int = Field(default=12_000, ge=1, description="requests of one account a minute at most")
    anonymous_requests_a_minute: int = Field(default=1_200, ge=1, description="requests of one address without an account a minute at most")
    facet_seconds: float = Field(default=2.0, ge=0, le=60, description="how long counted facets may be shown again; 0: never")
    suggestion_seconds: float = Field(
        default=30.0, ge=0, le=600, description="how long suggestions for a search may be given again; 0: never"
    )
    trusted_proxies: str = Field(
        default="", description="addresses, with commas, whose X-Forwarded-For and X-Forwarded-Proto are believed; empty: nobody's"
    )
    header_seconds: float = Field(
        default=20.0, gt=0, le=300, description="how long a connection may take for a request's first line and headers"
    )
    log_level: str = Field(default="INFO", description="level of the structured log on standard error")

    @property
    def database(self) -> Path:
        return self.data_dir / "gongqiao.sqlite"

    @property
    def index(self) -> Path:
        return self.data_dir / "index"

    @property
    def log_url(self) -> str:
        """Where the log is: ``kafka://…``, or ``sqlite:///…`` of the data directory."""
        return self.log or f"sqlite:///{self.database}"

    @property
    def state_url(self) -> str:
        """Where the state is: ``postgresql://…``, or ``sqlite:///…`` of the data directory."""
        return self.state or f"sqlite:///{self.database}"

    @property
    def search_url(self) -> str:
        """Where the postings index is: ``elastic://…``, or ``tantivy:///…`` of the data directory."""
        return self.search or f"tantivy:///{self.index.absolute()}"

    @property
    def cache_url(self) -> str:
        """Where limits, wake-ups and caches are: ``redis://…``, or ``memory://`` of the process."""
        return self.cache or "memory://"

    @property
    def clustered(self) -> bool:
        """Whether several processes share the work over a broker."""
        return self.log_url.startswith("kafka://")

    def subjects(self) -> dict[str, object]:
        """What the subjects' handlers may know of the settings: numbers of the domain, no secrets and no addresses."""
        names = (
            "posting_days",
            "commitment_check_days",
            "person_pushes_a_day",
            "posting_pushes_a_day",
            "balance_exposure",
            "welfare_attempts",
            "quiet_from",
            "quiet_to",
            "absorbed_period",
            "layoff_formula",
            "retention_formula",
            "retention_months",
            "claim_most_steps",
        )
        channels = tuple(name for name, url in (("mail", self.smtp_url), ("gateway", self.gateway_url)) if url)
        return {**{name: getattr(self, name) for name in names}, "outside_channels": channels}

    def outside(self) -> dict[str, object]:
        """What the sender of mails and messages needs; holds secrets, so it goes to no handler."""
        secret = self.gateway_secret.get_secret_value() if self.gateway_secret is not None else None
        names = ("smtp_url", "mail_from", "gateway_url", "quiet_from", "quiet_to", "public_url")
        return {**{name: getattr(self, name) for name in names}, "gateway_secret": secret}

    def webhook_rules(self) -> Rules:
        """Where webhooks may lead: in production over TLS and to public addresses only."""
        return Rules(http=self.mode != "production", loopback=self.webhook_loopback and self.mode != "production")

    def provider(self) -> dict[str, Any] | None:
        """What sign-in by an OpenID provider needs; None where there is none. Raises ``SettingsError`` naming what is missing."""
        if self.oidc_issuer is None:
            return None
        if missing := self._wrong_provider():
            raise SettingsError("; ".join(missing))
        secret = self.oidc_client_secret.get_secret_value() if self.oidc_client_secret is not None else ""
        factors = tuple(one.strip() for one in self.oidc_second_factor.split(",") if one.strip())
        named = {"issuer": self.oidc_issuer, "client_id": self.oidc_client_id, "client_secret": secret}
        return {**named, "claim": self.oidc_claim, "scope": self.oidc_scope, "factors": factors}

    def _wrong_provider(self) -> list[str]:
        """What is wrong with the settings of the provider, one sentence each."""
        if self.oidc_issuer is None:
            return []
        wrong = []
        if not self.oidc_issuer.startswith(("https://", "http://")):
            wrong.append("GONGQIAO_OIDC_ISSUER must be an address that begins with https://, as the provider names itself")
        elif self.mode == "production" and not self.oidc_issuer.startswith("https://"):
            wrong.append("GONGQIAO_OIDC_ISSUER must begin with https://: who listens on the way could sign in as staff")
        needed = {"OIDC_CLIENT_ID": self.oidc_client_id, "OIDC_CLIENT_SECRET": self.oidc_client_secret, "PUBLIC_URL": self.public_url}
        wrong += [f"GONGQIAO_{name} is missing: GONGQIAO_OIDC_ISSUER needs it" for name, given in needed.items() if not given]
        if "openid" not in self.oidc_scope.split():
            wrong.append("GONGQIAO_OIDC_SCOPE must name openid: without it there is no id token")
        return wrong

    def refuse_unsafe(self) -> None:
        """Raises ``SettingsError`` naming everything that production must not run with, all at once."""
        if self.mode != "production":
            return
        wrong = []
        if self.master_key is not None and len(set(self._own_key())) < _DISTINCT:
            wrong.append("GONGQIAO_MASTER_KEY is no random key; make one with: openssl rand -hex 32, and change to it with: gongqiao rekey")
        if self.log_level.upper() in ("DEBUG", "NOTSET"):
            wrong.append("GONGQIAO_LOG_LEVEL=DEBUG writes more into the log than production may; use INFO")
        if self.public_url is not None and not self.public_url.startswith("https://"):
            wrong.append("GONGQIAO_PUBLIC_URL must begin with https://: sessions of production go over TLS only")
        if self.gateway_url is not None and len(self.gateway_secret.get_secret_value() if self.gateway_secret else "") < _SECRET:
            wrong.append(f"GONGQIAO_GATEWAY_SECRET needs {_SECRET} characters or more; make one with: openssl rand -hex 32")
        if self.webhook_loopback:
            wrong.append("GONGQIAO_WEBHOOK_LOOPBACK lets partners reach what listens on this machine; leave it out")
        wrong += self._wrong_provider()
        if wrong:
            raise SettingsError("production does not start: " + "; ".join(wrong))

    def key(self) -> bytes:
        """The master key, and behind it the other ones that open (``Vault``). Development makes one beside the database, production wants
        it from outside."""
        others = self.other_master_keys.get_secret_value() if self.other_master_keys is not None else ""
        return self._own_key() + b"".join(_key_of("GONGQIAO_OTHER_MASTER_KEYS", one) for one in others.split(",") if one.strip())

    def _own_key(self) -> bytes:
        if self.master_key is not None:
            return _key_of("GONGQIAO_MASTER_KEY", self.master_key.get_secret_value())
        if self.mode == "production":
            raise SettingsError(
                "GONGQIAO_MASTER_KEY is missing: production does not keep its key beside the data; make one with: openssl rand -hex 32"
            )
        path = self.data_dir / "master.key"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            # Written whole beside its place: two processes that start at once must not read half a key, nor two keys.
            part = path.with_name(f"master.key.{secrets.token_hex(4)}")
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(part, path)
            except FileExistsError:
                pass
            except OSError:
                part.replace(path)  # a volume without hard links
            finally:
                part.unlink(missing_ok=True)
        return self._kept_key(path)

    def kept_key(self) -> bytes | None:
        """The key as it is, without making one; None where there is none yet. Raises ``SettingsError`` where it is no key."""
        path = self.data_dir / "master.key"
        if self.master_key is not None or path.exists():
            return self.key()
        return None

    @staticmethod
    def _kept_key(path: Path) -> bytes:
        try:
            key = bytes.fromhex(path.read_text().strip())
        except ValueError:
            key = b""
        if len(key) != 32:
            raise SettingsError(f"{path}: 64 hex digits expected; put the key back that this data was made with")
        return key


def _key_of(name: str, text: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise SettingsError(f"{name}: 64 hex digits expected; make one with: openssl rand -hex 32")
    return key


def settings_of(data_dir: Path | None) -> Settings:
    """The settings of the environment, with this folder for the data where a command names one."""
    return Settings(data_dir=data_dir) if data_dir else Settings()
