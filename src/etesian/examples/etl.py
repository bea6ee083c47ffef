"""Values travel between tasks: what a function returns is what the next one is called with."""

from __future__ import annotations

from etesian import dag, task


@dag(schedule=None, tags=["example"])
def etl() -> None:
    """Extract orders, sum them up by customer, report the greatest."""

    @task
    def extract() -> list[dict[str, float | str]]:
        """Return some orders."""
        return [
            {"customer": "Ada", "amount": 30.0},
            {"customer": "Grace", "amount": 12.5},
            {"customer": "Ada", "amount": 7.5},
        ]

    @task
    def transform(orders: list[dict[str, float | str]]) -> dict[str, float]:
        """Return the sum of each customer's orders."""
        totals: dict[str, float] = {}
        for order in orders:
            customer = str(order["customer"])
            totals[customer] = totals.get(customer, 0.0) + float(order["amount"])
        return totals

    @task
    def load(totals: dict[str, float]) -> str:
        """Print the totals and return the best customer."""
        for customer, total in totals.items():
            print(f"{customer}: {total:.2f}")
        return max(totals, key=totals.__getitem__)

    load(transform(extract()))


etl()
