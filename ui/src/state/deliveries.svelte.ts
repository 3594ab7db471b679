import { deliveryName } from '../copy/deliveries';
import type { Say } from '../copy';
import type { DeliveryRecord } from '../host/bindings/DeliveryRecord';
import type { DeliveryStatus } from '../host/bindings/DeliveryStatus';
import type { NewDelivery } from '../host/bindings/NewDelivery';
import type { Problem } from '../host/bindings/Problem';
import { problemFrom, type Host } from '../host/host';

/** What deliveries need of the window. */
export interface Teller {
  readonly say: Say;
  tell(text: () => string, tone?: 'ok' | 'bad'): void;
  fail(problem: Problem): void;
}

/** What is being done with a delivery. */
export type DeliveryBusy = 'testing' | 'sending' | 'switching' | 'removing';

/** What the person does with deliveries. How they stand, the core says. */
export class Deliveries {
  #busy = $state.raw<Record<string, DeliveryBusy>>({});
  /** The names of the secrets that were pasted for the delivery that is being set up. */
  #pasted = $state.raw<readonly string[]>([]);

  constructor(
    private readonly host: Host,
    private readonly teller: Teller,
  ) {}

  /** What is being done with a delivery. */
  busy({ id }: DeliveryStatus): DeliveryBusy | null {
    return this.#busy[id] ?? null;
  }

  /** Whether a secret was pasted. */
  isPasted(name: string): boolean {
    return this.#pasted.includes(name);
  }

  /** Has the clipboard's text kept as a secret of the delivery that is being set up. */
  async paste(name: string): Promise<Problem | null> {
    try {
      if ((await this.host.pasteDeliverySecret(name)) && !this.isPasted(name)) this.#pasted = [...this.#pasted, name];
      return null;
    } catch (thrown) {
      return problemFrom(thrown);
    }
  }

  /** Forgets the secrets that were pasted. */
  forgetSecrets(): void {
    if (this.#pasted.length === 0) return;
    this.#pasted = [];
    void this.host.dropDeliverySecrets().catch(() => undefined);
  }

  /** Adds a delivery and gives its id, or a problem for the form to show. The system asks the person first. */
  async add(account: string, delivery: NewDelivery): Promise<string | Problem> {
    try {
      const id = await this.host.addDelivery(account, delivery);
      this.#pasted = [];
      return id;
    } catch (thrown) {
      return problemFrom(thrown);
    }
  }

  /** Changes where a delivery goes. A problem is given back, for the form to show. */
  async change(delivery: DeliveryStatus, answers: Record<string, string>): Promise<Problem | null> {
    try {
      await this.host.changeDelivery(delivery.id, answers);
      this.#pasted = [];
      return null;
    } catch (thrown) {
      return problemFrom(thrown);
    }
  }

  /** The path of a file that the person chooses, if they choose one. */
  async chooseFile(exists: boolean): Promise<string | null> {
    try {
      return await this.host.chooseDeliveryFile(exists);
    } catch (thrown) {
      this.teller.fail(problemFrom(thrown));
      return null;
    }
  }

  /** What would be sent, masked; or why that cannot be told. */
  async preview(delivery: DeliveryStatus): Promise<string | Problem> {
    try {
      return await this.host.previewDelivery(delivery.id);
    } catch (thrown) {
      return problemFrom(thrown);
    }
  }

  /** Sends what plays, to see whether it works. */
  async test(delivery: DeliveryStatus): Promise<void> {
    await this.#do(delivery, 'testing', async () => {
      this.#tellOf(delivery, await this.host.testDelivery(delivery.id));
    });
  }

  /** Delivers what there is now. */
  async send(delivery: DeliveryStatus): Promise<void> {
    await this.#do(delivery, 'sending', async () => {
      this.#tellOf(delivery, await this.host.sendDelivery(delivery.id));
    });
  }

  /** Switches a delivery on or off. Tells whether it is as wanted. */
  async turn(delivery: DeliveryStatus, enabled: boolean): Promise<boolean> {
    return this.#do(delivery, 'switching', () => this.host.switchDelivery(delivery.id, enabled));
  }

  /** Gives a delivery a name of the person's own; an empty one takes it away. */
  async name(delivery: DeliveryStatus, label: string): Promise<void> {
    if (label.trim() === (delivery.label ?? '')) return;
    try {
      await this.host.setDeliveryLabel(delivery.id, label);
    } catch (thrown) {
      this.teller.fail(problemFrom(thrown));
    }
  }

  /** Removes a delivery. The system asks the person first. Tells whether it is gone. */
  async remove(delivery: DeliveryStatus): Promise<boolean> {
    return this.#do(delivery, 'removing', () => this.host.removeDelivery(delivery.id));
  }

  async #do(delivery: DeliveryStatus, what: DeliveryBusy, action: () => Promise<void>): Promise<boolean> {
    if (this.busy(delivery) !== null) return false;
    this.#busy = { ...this.#busy, [delivery.id]: what };
    try {
      await action();
      return true;
    } catch (thrown) {
      this.teller.fail(problemFrom(thrown));
      return false;
    } finally {
      this.#busy = Object.fromEntries(Object.entries(this.#busy).filter(([id]) => id !== delivery.id));
    }
  }

  #tellOf(delivery: DeliveryStatus, { outcome }: DeliveryRecord): void {
    const worked = outcome !== 'failed' && outcome !== 'later';
    const { say } = this.teller;
    this.teller.tell(() => say(worked ? 'to.delivered' : 'to.undelivered', { name: deliveryName(say, delivery) }), worked ? 'ok' : 'bad');
  }
}
