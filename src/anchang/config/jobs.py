"""The worker process: runs jobs and starts the periodic ones."""

import asyncio
import os


async def work() -> None:
    """Run jobs until SIGTERM or SIGINT; what is running then has some seconds to finish."""
    from procrastinate import PsycopgConnector
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.utils import connector_params

    # The worker fetches on its own connections. Tasks keep the Django one, so that a job deferred by a
    # task is part of the task's transaction.
    connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=4)
    worker_app = app.with_connector(connector)
    async with worker_app.open_async():
        await worker_app.run_worker_async(install_signal_handlers=True, shutdown_graceful_timeout=10)


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anchang.config.settings")
    django.setup()
    asyncio.run(work())


if __name__ == "__main__":
    main()
