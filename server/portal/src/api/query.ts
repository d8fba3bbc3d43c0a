import { QueryClient, QueryObserver, type QueryObserverResult } from "@tanstack/query-core";
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { Failure } from "./problem.ts";

/** What a person may mend, or wait for: asking again at once helps for what is on the way only. */
const passing = new Set(["network", "unavailable", "tenant_unavailable", "rate_limited"]);

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (count, error) => count < 2 && error instanceof Failure && passing.has(error.code),
    },
  },
});

/** Server state for an element: asked for while it is there, kept when it goes, fresh when it comes back. */
export class Query<T> implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #options: () => { key: readonly unknown[]; read: () => Promise<T> };
  #observer: QueryObserver<T> | null = null;
  #unsubscribe = () => {};

  constructor(
    host: ReactiveControllerHost,
    options: () => { key: readonly unknown[]; read: () => Promise<T> },
  ) {
    this.#host = host;
    this.#options = options;
    host.addController(this);
  }

  hostConnected(): void {
    this.#observer = new QueryObserver<T>(queries, this.#asked());
    this.#unsubscribe = this.#observer.subscribe(() => this.#host.requestUpdate());
  }

  hostUpdate(): void {
    this.#observer?.setOptions(this.#asked());
  }

  hostDisconnected(): void {
    this.#unsubscribe();
  }

  get result(): Pick<QueryObserverResult<T>, "data" | "error" | "isPending" | "isFetching"> {
    return (
      this.#observer?.getCurrentResult() ?? {
        data: undefined,
        error: null,
        isPending: true,
        isFetching: true,
      }
    );
  }

  again(): void {
    void this.#observer?.refetch();
  }

  #asked() {
    const { key, read } = this.#options();
    return { queryKey: key, queryFn: read };
  }
}
