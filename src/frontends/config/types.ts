/**
 * What a network config may say. These types are the source: the JSON Schema that ships with the package, and that the
 * parser checks against, is generated from them (`npm run schema`), and docs/config.md lists the same fields.
 *
 * Names are those of LOOM's published schema where it has one; the vocabulary of the field is in the code that reads them.
 * Sizes of 0 count as left out, as they do there.
 */

import type {
  ActivationName,
  CombineMode,
  Count,
  Positive,
  References,
  Size,
  SoftmaxVariant,
} from './vocabulary.js';

/** What all layers take. */
export interface LayerFields {
  /** What other layers' `from` and the names of weights call it. Default: its position. */
  readonly name?: string;
  /**
   * The layer whose output is the input, by name or position, from 0; `input` is the network's (or the sequence's) own. Default: the
   * layer before. For a residual: the outputs to add, one or several.
   */
  readonly from?: References;
  /** Earlier outputs that are added to the input, as `from` names them; each has as many values as the input. */
  readonly add_to_input?: References;
  /** Earlier outputs that are added to the output, after the activation; each has as many values as the output. */
  readonly add_to_output?: References;
  /** Leaves out what is to be added and has another number of values, instead of refusing it. Default false. */
  readonly skip_mismatched?: boolean;
  /** Keeps training from changing the weights in here. Default false. */
  readonly frozen?: boolean;
  /**
   * Applied to the output. Default: linear. In the grid form it counts for dense, conv1d and conv2d alone, and other layers
   * ignore it, as LOOM does; there, with `compat: "loom"`, the default is relu.
   */
  readonly activation?: ActivationName;
  /** What the input of the activation is multiplied by. Default 1; with `compat: "loom"`, 1.1 for relu. */
  readonly activation_scale?: number;
  /**
   * In step-based execution: the layer runs at every nth tick, from the first on, and keeps its output in between. Default 1.
   */
  readonly tick_every?: Count;
  /** For leaky_relu: the slope below zero. Default 0.01; with `compat: "loom"`, 0.1. */
  readonly activation_slope?: number;
}

/** y = activation(x W' + b), over all values of an example, or over the last axis where `width` is its extent. */
export interface DenseConfig extends LayerFields {
  readonly type: 'dense';
  /** Number of inputs. Default: all values of an example. */
  readonly width?: Size;
  /** Another name of `width`. */
  readonly input_size?: Size;
  /** Another name of `width`. */
  readonly input_height?: Size;
  /** Number of outputs, under one of its three names. */
  readonly height?: Size;
  /** Another name of `height`. */
  readonly output_size?: Size;
  /** Another name of `height`. */
  readonly output_height?: Size;
  /** Whether there is a bias. Default true. */
  readonly bias?: boolean;
}

/** Convolution over [channels, length]. */
export interface Conv1dConfig extends LayerFields {
  readonly type: 'conv1d';
  /** Default: as it arrives. */
  readonly input_length?: Size;
  /** Another name of `input_length`. */
  readonly input_height?: Size;
  /** Default: as they arrive, or 1. */
  readonly input_channels?: Size;
  /** Channels of the output. */
  readonly filters: Count;
  /** Extent of the kernel. */
  readonly kernel_size: Count;
  /** Default 1. */
  readonly stride?: Size;
  /** Zeros on both sides. Default 0. */
  readonly padding?: Size;
  /** Whether there is a bias. Default true. */
  readonly bias?: boolean;
}

/** Convolution over [channels, height, width] with a square kernel. */
export interface Conv2dConfig extends LayerFields {
  readonly type: 'conv2d';
  /** Default: as they arrive, or 1. */
  readonly input_channels?: Size;
  /** Default: as it arrives. */
  readonly input_height?: Size;
  /** Default: as it arrives. */
  readonly input_width?: Size;
  /** Channels of the output. */
  readonly filters: Count;
  /** Extent of the kernel. */
  readonly kernel_size: Count;
  /** Default 1. */
  readonly stride?: Size;
  /** Zeros on all sides. Default 0. */
  readonly padding?: Size;
  /** Checked where it is given: (input + 2 padding - kernel) / stride + 1. */
  readonly output_height?: Size;
  /** Checked where it is given. */
  readonly output_width?: Size;
  /** Whether there is a bias. Default true. */
  readonly bias?: boolean;
}

/** A recurrent network over [steps, features]; gives the outputs of all steps, [steps, hidden_size]. */
export interface RecurrentConfig extends LayerFields {
  readonly type: 'rnn' | 'lstm' | 'gru';
  /** Features of a step. Default: the last axis. */
  readonly input_size?: Size;
  /** Features of the state, and of the output. */
  readonly hidden_size: Count;
  /** Steps. Default: as many as arrive. */
  readonly seq_length?: Size;
}

/** Self-attention with several heads over [steps, d_model]. */
export interface AttentionConfig extends LayerFields {
  readonly type: 'multi_head_attention' | 'mha';
  /** Features of a step. Default: the last axis. */
  readonly d_model?: Size;
  /** Default 8. */
  readonly num_heads?: Size;
  /** Heads of keys and values, each for num_heads / num_kv_heads heads of queries. Default: num_heads. */
  readonly num_kv_heads?: Size;
  /** Steps. Default: as many as arrive. */
  readonly seq_length?: Size;
  /** Base of the rotary embedding of positions; 0: none. Default: 10000 in the grid form, none in the list form. */
  readonly rope_freq_base?: Positive;
  /** Each step sees itself and those before. Default: true in the grid form, false in the list form. */
  readonly causal?: boolean;
  /** Whether the four projections have a bias. Default true. */
  readonly bias?: boolean;
}

/** (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis. */
export interface LayerNormConfig extends LayerFields {
  readonly type: 'layer_norm' | 'layernorm';
  /** How many values are normalised together. Default: the last axis. */
  readonly norm_size?: Size;
  /** Default 1e-5. */
  readonly epsilon?: Positive;
}

/** x / sqrt(mean(x^2) + epsilon) * weight over the last axis. */
export interface RmsNormConfig extends LayerFields {
  readonly type: 'rms_norm' | 'rmsnorm';
  /** How many values are normalised together. Default: the last axis. */
  readonly norm_size?: Size;
  /** Default 1e-5. */
  readonly epsilon?: Positive;
}

/** down(silu(gate(x)) * up(x)) over the last axis. */
export interface SwigluConfig extends LayerFields {
  readonly type: 'swiglu';
  /** Features of input and output. Default: the last axis. */
  readonly input_size?: Size;
  /** Another name of `input_size`. */
  readonly input_height?: Size;
  /** Features in between. Default: 8/3 of the input's. */
  readonly output_size?: Size;
  /** Another name of `output_size`. */
  readonly output_height?: Size;
  /** Whether the three projections have a bias. Default: true in the grid form, false in the list form. */
  readonly bias?: boolean;
}

/** Rows of a table: [n] -> [n, embedding_dim]. Numbers are cut to integers; those outside of the table give zeros. */
export interface EmbeddingConfig extends LayerFields {
  readonly type: 'embedding';
  /** Rows of the table. */
  readonly vocab_size: Count;
  /** Features of a row. */
  readonly embedding_dim: Count;
  /** Numbers in an example, where the network begins here. */
  readonly seq_length?: Size;
}

/** x + the input of the layer before; or, with `from`, x + the outputs named there. */
export interface ResidualConfig extends LayerFields {
  readonly type: 'residual';
}

/** Layers one after the other. */
export interface SequentialConfig extends LayerFields {
  readonly type: 'sequential';
  /** The layers, under LOOM's name. */
  readonly branches?: readonly LayerConfig[];
  /** The layers. */
  readonly layers?: readonly LayerConfig[];
}

/** Where the output of a branch lies in the grid of a grid_scatter. */
export interface GridPosition {
  readonly branch_index: Size;
  readonly target_row: Size;
  readonly target_col: Size;
  /** Default 0. */
  readonly target_layer?: Size;
}

/** Layers side by side on one input, whose outputs become one. */
export interface ParallelConfig extends LayerFields {
  readonly type: 'parallel';
  /** The layers. */
  readonly branches: readonly LayerConfig[];
  /** Default concat. */
  readonly combine_mode?: CombineMode;
  /** For grid_scatter: one for each branch. */
  readonly grid_positions?: readonly GridPosition[];
  /** For grid_scatter: rows that a place may be in. Default: no limit. */
  readonly grid_output_rows?: Size;
  /** For grid_scatter: columns that a place may be in. Default: no limit. */
  readonly grid_output_cols?: Size;
  /** Default 1. */
  readonly grid_output_layers?: Size;
  /** For filter: the layer that gives one logit for each branch from the input. Without it all branches count the same. */
  readonly filter_gate?: LayerConfig;
  /** What turns the logits into weights. Default standard. */
  readonly filter_softmax?: SoftmaxVariant;
  /** What the logits are divided by. Default 1, and 0 counts as left out, as in LOOM. */
  readonly filter_temperature?: Positive;
  /** For the filter_softmax entmax: see softmax. */
  readonly filter_entmax_mode?: 'exact' | 'blend';
}

/** A dense layer without activation, between parts of different widths. */
export interface StitchConfig extends LayerFields {
  readonly type: 'stitch';
  /** Default: all values of an example. */
  readonly input_size?: Size;
  /** Number of outputs. */
  readonly output_size: Count;
}

/** Soft assignment of the features that a layer makes to learned centres. */
export interface KMeansConfig extends LayerFields {
  readonly type: 'kmeans';
  /** How many centres there are. */
  readonly num_clusters: Count;
  /** What makes the features. Default: the input itself. */
  readonly attached_layer?: LayerConfig;
  /** Default euclidean. */
  readonly distance_metric?: 'euclidean' | 'cosine' | 'manhattan';
  /** The greater, the softer. Default 1, and 0 counts as left out, as in LOOM. */
  readonly kmeans_temperature?: Positive;
  /** The probabilities of the clusters, or the mean of their centres weighted with them. Default probabilities. */
  readonly kmeans_output_mode?: 'probabilities' | 'features';
  /** Accepted for LOOM's sake: centres are parameters, and learn at the rate of the optimiser. */
  readonly kmeans_learning_rate?: number;
  /** Checked where it is given: values of the features. */
  readonly cluster_dim?: Size;
}

/** Numbers that are not negative and add up to 1. */
export interface SoftmaxConfig extends LayerFields {
  readonly type: 'softmax';
  /** Default standard. */
  readonly softmax_variant?: SoftmaxVariant;
  /** Over the last axis, or over all values of an example. Default: last_axis; in the grid form, all. */
  readonly softmax_over?: 'last_axis' | 'all';
  /** For grid: how many softmaxes there are. */
  readonly softmax_rows?: Size;
  /** For grid: over how many values each is. */
  readonly softmax_cols?: Size;
  /** What the logits are divided by. Default 1, and 0 counts as left out, as in LOOM. */
  readonly temperature?: Positive;
  /** For gumbel: false leaves the noise out. Default true. */
  readonly gumbel_noise?: boolean;
  /** For masked: which values take part, one for each. */
  readonly mask?: readonly boolean[];
  /** For hierarchical: the softmax is over the last level. Their product is the number of values. */
  readonly hierarchy_levels?: readonly Count[];
  /** For adaptive: a partition of the positions of the output. */
  readonly adaptive_clusters?: readonly (readonly Size[])[];
  /** For mixture: a weight for each part of the input, which is cut into as many. */
  readonly mixture_weights?: readonly number[];
  /** For entmax: from 1, softmax, to 2, sparsemax. Default 1.5. */
  readonly entmax_alpha?: Positive;
  /** For entmax: `blend` mixes softmax and sparsemax by alpha, as LOOM does. Default exact; blend with `compat: "loom"`. */
  readonly entmax_mode?: 'exact' | 'blend';
}

/** A layer. */
export type LayerConfig =
  | DenseConfig
  | Conv1dConfig
  | Conv2dConfig
  | RecurrentConfig
  | AttentionConfig
  | LayerNormConfig
  | RmsNormConfig
  | SwigluConfig
  | EmbeddingConfig
  | ResidualConfig
  | SequentialConfig
  | ParallelConfig
  | StitchConfig
  | KMeansConfig
  | SoftmaxConfig;

export type LayerType = LayerConfig['type'];

/** What both forms take. */
export interface NetworkFields {
  /** Ignored; editors find the schema by it. */
  readonly $schema?: string;
  /** A name, for people. Default `network`. */
  readonly id?: string;
  /** Accepted for LOOM's sake; everything is computed in f32. */
  readonly dtype?: string;
  /** Examples at a time, for the command line; the network itself takes any number. Default 1. */
  readonly batch_size?: Size;
  /** Decides the weights at the start. Default 0. */
  readonly seed?: Size;
  /** `loom` selects LOOM's constants where they differ from the standard. Default standard. */
  readonly compat?: 'standard' | 'loom';
}

/** LOOM's form. The grid is only an address: layer i stands in row i / (cols * per cell), and they run in order. */
export interface GridConfig extends NetworkFields {
  /** Rows of the grid. */
  readonly grid_rows: Count;
  /** Cells in a row. */
  readonly grid_cols: Count;
  /** Layers in a cell. */
  readonly layers_per_cell: Count;
  /** Shape of an example. Default: what the first layer says. */
  readonly input?: readonly Count[];
  /** As many as the grid has places for. */
  readonly layers: readonly LayerConfig[];
}

/** The plain form: the shape of an example, and a list of layers. */
export interface ListConfig extends NetworkFields {
  /** Shape of an example, without the batch. */
  readonly input: readonly Count[];
  readonly layers: readonly LayerConfig[];
}

export type NetworkConfig = GridConfig | ListConfig;

/** A config without anything of LOOM's: what networks are built from. */
export type PlainConfig = Omit<ListConfig, 'compat'>;
