// A run on the canvas of the definition that it goes by: state, time, attempts and items of each step.

import { desk } from "./desk";
import { progress_of_run } from "./progress";
import { Store } from "./store";
import { mount } from "./workflow_views";

export class RunCanvas {
	// `on_step(id)` hears of the step that somebody chooses.
	constructor({ wrapper, run, on_step }) {
		Object.assign(this, { $place: $(wrapper).empty(), run, on_step });
		this.loaded = this.load();
	}

	async load() {
		const [vocabulary, definition] = await Promise.all([desk.vocabulary(), desk.definition_of_run(this.run)]);
		this.$place.toggle(Boolean(definition));
		if (!definition) return;
		const placed = await desk.positions(definition.name);
		this.store = new Store(desk, vocabulary, { definition, positions: placed, read_only: true });
		const select = this.store.select.bind(this.store);
		this.store.select = (id) => {
			select(id);
			if (id.startsWith("step:")) this.on_step(id.slice("step:".length));
		};
		this.app = mount(this.$place, this.store, { panel: false });
	}

	async draw(view) {
		await this.loaded;
		if (!this.store) return;
		this.store.state.run = progress_of_run(view.steps, desk, view.waits);
	}

	close() {
		this.app?.unmount();
	}
}
