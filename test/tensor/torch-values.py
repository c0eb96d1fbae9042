"""Writes torch-values.json: what PyTorch computes, in doubles, for the layers, losses, optimisers and schedules of the tests.

Parameters and inputs are waves that the tests make for themselves. Run with a PyTorch of 2.9 or newer:

    python3 torch-values.py > torch-values.json
"""
import json
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def wave(shape, seed, scale=1.0):
    count = math.prod(shape)
    values = [math.floor(1000 * math.sin(1.7 * i + seed) + 0.5) / 1000 * scale for i in range(count)]
    return torch.tensor(values).reshape(shape)


def flat(tensor):
    return [float(f'{value:.9g}') for value in tensor.detach().flatten().tolist()]


def weighed(outputs):
    return sum((y * wave(y.shape, 99 + i)).sum() for i, y in enumerate(outputs))


CASES = {}


def case(name, parameters, inputs, call):
    """parameters: (our name, torch tensor or list of tensors to fill) in the order of our state."""
    for k, (_, p) in enumerate(parameters):
        p.data.copy_(wave(p.shape, k, 0.5))
    for x in inputs:
        x.requires_grad_(x.is_floating_point())
    outputs = call(*inputs)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    weighed(outputs).backward()
    CASES[name] = {
        'outputs': [flat(y) for y in outputs],
        'gradients': {ours: flat(p.grad) for ours, p in parameters if p.grad is not None},
        'inputs': [flat(x.grad) for x in inputs if x.requires_grad],
    }


def plain(layer, *names):
    own = dict(layer.named_parameters())
    return [(name, own[name]) for name in names]


# -- layers --

m = torch.nn.Linear(3, 4)
case('linear', plain(m, 'weight', 'bias'), [wave((2, 3), 50)], m)
m = torch.nn.Conv1d(2, 3, 3, dilation=2, padding=1)
case('conv1d', plain(m, 'weight', 'bias'), [wave((2, 2, 7), 50)], m)
m = torch.nn.Conv2d(2, 4, 3, stride=2, padding=1, groups=2)
case('conv2d', plain(m, 'weight', 'bias'), [wave((2, 2, 5, 5), 50)], m)
m = torch.nn.Conv3d(1, 2, 2)
case('conv3d', plain(m, 'weight', 'bias'), [wave((1, 1, 3, 3, 3), 50)], m)
m = torch.nn.ConvTranspose1d(2, 3, 4, stride=2, padding=1)
case('convTranspose1d', plain(m, 'weight', 'bias'), [wave((2, 2, 4), 50)], m)
m = torch.nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1, groups=2)
case('convTranspose2d', plain(m, 'weight', 'bias'), [wave((1, 4, 3, 3), 50)], m)
case('maxPool', [], [wave((2, 2, 6, 6), 50)], torch.nn.MaxPool2d(3, stride=2, padding=1))
case('averagePool', [], [wave((2, 2, 6, 6), 50)], torch.nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False))
m = torch.nn.Embedding(5, 3)
case('embedding', plain(m, 'weight'), [torch.tensor([[0, 2, 2], [4, 1, 0]])], m)
m = torch.nn.LayerNorm([3, 4])
case('layerNorm', plain(m, 'weight', 'bias'), [wave((2, 3, 4), 50)], m)
m = torch.nn.RMSNorm(4, eps=1e-5)
case('rmsNorm', plain(m, 'weight'), [wave((2, 3, 4), 50)], m)
m = torch.nn.GroupNorm(2, 4)
case('groupNorm', plain(m, 'weight', 'bias'), [wave((2, 4, 3), 50)], m)


def batch_norm(training):
    m = torch.nn.BatchNorm2d(3)
    m.train(training)
    m.running_mean.copy_(wave((3,), 20))
    m.running_var.copy_(wave((3,), 21).abs() + 0.5)
    case('batchNorm' if training else 'batchNormInference', plain(m, 'weight', 'bias'), [wave((2, 3, 2, 2), 50)], m)
    return [flat(m.running_mean), flat(m.running_var)]


CASES_RUNNING = batch_norm(True)
batch_norm(False)


def recurrent(name, layer, directions, layers, hidden, lstm=False):
    own = dict(layer.named_parameters())
    parameters = []
    for i in range(layers):
        for d in range(directions):
            suffix = f'l{i}' + ('_reverse' if d else '')
            cell = f'cells.{i * directions + d}'
            for ours, theirs in [
                ('inputWeight', 'weight_ih'),
                ('hiddenWeight', 'weight_hh'),
                ('inputBias', 'bias_ih'),
                ('hiddenBias', 'bias_hh'),
            ]:
                parameters.append((f'{cell}.{ours}', own[f'{theirs}_{suffix}']))
    count = directions * layers

    def call(x, h, c):
        y, state = layer(x, (h, c) if lstm else h)
        return [y, *(state if lstm else [state])]

    inputs = [wave((2, 4, 3), 50), wave((count, 2, hidden), 51), wave((count, 2, hidden), 52)]
    if not lstm:
        full = call
        call = lambda x, h: full(x, h, None)
        inputs = inputs[:2]
    case(name, parameters, inputs, call)


recurrent('rnn', torch.nn.RNN(3, 4, 2, batch_first=True, bidirectional=True), 2, 2, 4)
recurrent('rnnRelu', torch.nn.RNN(3, 4, 1, nonlinearity='relu', batch_first=True), 1, 1, 4)
recurrent('gru', torch.nn.GRU(3, 4, 2, batch_first=True, bidirectional=True), 2, 2, 4)
recurrent('lstm', torch.nn.LSTM(3, 4, 2, batch_first=True, bidirectional=True), 2, 2, 4, lstm=True)


def heads(x, count):
    return x.unflatten(-1, (count, -1)).transpose(1, 2)


def attention(name, features, count, groups, causal, memory_features=None, mask=None):
    width = features // count * groups
    memory = memory_features or features
    layers = {
        'query': torch.nn.Linear(features, features),
        'key': torch.nn.Linear(memory, width),
        'value': torch.nn.Linear(memory, width),
        'output': torch.nn.Linear(features, features),
    }
    parameters = [(f'{n}.{p}', getattr(layer, p)) for n, layer in layers.items() for p in ('weight', 'bias')]

    def call(x, other=None):
        source = x if other is None else other
        y = F.scaled_dot_product_attention(
            heads(layers['query'](x), count),
            heads(layers['key'](source), groups),
            heads(layers['value'](source), groups),
            is_causal=causal,
            attn_mask=mask,
            enable_gqa=True,
        )
        return layers['output'](y.transpose(1, 2).flatten(-2))

    inputs = [wave((2, 3, features), 50)] + ([wave((2, 5, memory), 51)] if memory_features else [])
    case(name, parameters, inputs, call)


attention('attention', 8, 4, 4, False)
attention('attentionCausal', 8, 4, 2, True)
attention('attentionCross', 8, 2, 2, False, memory_features=6)
attention(
    'attentionMask', 8, 2, 2, False, mask=torch.tensor([[True, False, True], [True, True, False], [False, False, True]])
)


def block():
    m = torch.nn.TransformerEncoderLayer(8, 2, 16, 0.0, F.gelu, batch_first=True, norm_first=True)
    own = dict(m.named_parameters())
    # The packed projections are cut into leaves, so that each has its own wave and gradient.
    parts = [
        ('attentionNorm.weight', 'norm1.weight', None),
        ('attentionNorm.bias', 'norm1.bias', None),
        *[
            (f'attention.{n}.{p}', f'self_attn.in_proj_{p}', i)
            for i, n in enumerate(['query', 'key', 'value'])
            for p in ('weight', 'bias')
        ],
        ('attention.output.weight', 'self_attn.out_proj.weight', None),
        ('attention.output.bias', 'self_attn.out_proj.bias', None),
        ('feedForwardNorm.weight', 'norm2.weight', None),
        ('feedForwardNorm.bias', 'norm2.bias', None),
        ('feedForward.up.weight', 'linear1.weight', None),
        ('feedForward.up.bias', 'linear1.bias', None),
        ('feedForward.down.weight', 'linear2.weight', None),
        ('feedForward.down.bias', 'linear2.bias', None),
    ]
    for k, (_, theirs, i) in enumerate(parts):
        p = own[theirs].data
        target = p if i is None else p.chunk(3)[i]
        target.copy_(wave(target.shape, k, 0.5))
    x = wave((2, 3, 8), 50).requires_grad_()
    y = m(x)
    weighed([y]).backward()
    grads = {}
    for ours, theirs, i in parts:
        g = own[theirs].grad
        grads[ours] = flat(g if i is None else g.chunk(3)[i])
    CASES['transformerBlock'] = {'outputs': [flat(y)], 'gradients': grads, 'inputs': [flat(x.grad)]}


block()

# -- activations --

for name, f in {
    'relu': F.relu,
    'leakyRelu': F.leaky_relu,
    'elu': F.elu,
    'selu': F.selu,
    'gelu': F.gelu,
    'geluTanh': lambda x: F.gelu(x, approximate='tanh'),
    'silu': F.silu,
    'mish': F.mish,
    'softplus': F.softplus,
    'sigmoid': torch.sigmoid,
    'tanh': torch.tanh,
    'hardswish': F.hardswish,
    'softmax': lambda x: F.softmax(x, -1),
}.items():
    case(f'activation.{name}', [], [wave((3, 5), 50, 4.0)], f)

# -- losses --

logits = lambda: wave((4, 5), 50, 6.0)
labels = torch.tensor([1, 0, 4, 2])
some = torch.tensor([1, -100, 4, -100])
p = F.softmax(wave((4, 5), 60, 2.0), -1)
positive = (wave((5,), 61).abs() * 3).detach()
for reduction in ('mean', 'sum', 'none'):
    r = {'reduction': reduction}
    case(f'crossEntropy.{reduction}', [], [logits()], lambda x: F.cross_entropy(x, labels, **r))
    case(f'crossEntropy.smooth.{reduction}', [], [logits()], lambda x: F.cross_entropy(x, labels, label_smoothing=0.1, **r))
    case(f'crossEntropy.ignore.{reduction}', [], [logits()], lambda x: F.cross_entropy(x, some, label_smoothing=0.1, **r))
    case(f'crossEntropy.probabilities.{reduction}', [], [logits()], lambda x: F.cross_entropy(x, p, label_smoothing=0.1, **r))
    case(f'nll.{reduction}', [], [logits()], lambda x: F.nll_loss(F.log_softmax(x, -1), some, **r))
    case(f'bce.{reduction}', [], [logits()], lambda x: F.binary_cross_entropy_with_logits(x, p, **r))
    case(
        f'bce.weight.{reduction}',
        [],
        [logits()],
        lambda x: F.binary_cross_entropy_with_logits(x, p, pos_weight=positive, **r),
    )
    case(f'mse.{reduction}', [], [logits()], lambda x: F.mse_loss(x, p, **r))
    case(f'l1.{reduction}', [], [logits()], lambda x: F.l1_loss(x, p, **r))
    case(f'huber.{reduction}', [], [logits()], lambda x: F.huber_loss(x, p, delta=1.5, **r))
    case(f'kl.{reduction}', [], [logits()], lambda x: F.kl_div(F.log_softmax(x, -1), p, **r))
case('kl.batchMean', [], [logits()], lambda x: F.kl_div(F.log_softmax(x, -1), p.log(), reduction='batchmean', log_target=True))

# -- optimisers: 20 steps of a vector along waves --

OPTIMISERS = {}


def optimise(name, make):
    x = wave((6,), 0).requires_grad_()
    optimiser = make([x])
    for step in range(20):
        x.grad = wave((6,), step + 1)
        optimiser.step()
    OPTIMISERS[name] = flat(x)


O = torch.optim
optimise('sgd', lambda p: O.SGD(p, lr=0.1, weight_decay=0.01))
optimise('sgd.momentum', lambda p: O.SGD(p, lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.01))
optimise('sgd.nesterov', lambda p: O.SGD(p, lr=0.1, momentum=0.9, nesterov=True))
optimise('rmsprop', lambda p: O.RMSprop(p, lr=0.01, alpha=0.9, weight_decay=0.01))
optimise('rmsprop.centered', lambda p: O.RMSprop(p, lr=0.01, momentum=0.5, centered=True))
optimise('adam', lambda p: O.Adam(p, lr=0.01, weight_decay=0.1))
optimise('adamw', lambda p: O.AdamW(p, lr=0.01, betas=(0.8, 0.95), weight_decay=0.1))

# -- schedules: the rates of steps 0 to 39 --

SCHEDULES = {}


def schedule(name, make):
    optimiser = O.SGD([torch.zeros(1)], lr=0.5)
    scheduler = make(optimiser)
    rates = []
    for _ in range(40):
        rates.append(float(f'{optimiser.param_groups[0]["lr"]:.9g}'))
        optimiser.step()
        scheduler.step()
    SCHEDULES[name] = rates


S = torch.optim.lr_scheduler
schedule('cosineWarmRestarts', lambda o: S.CosineAnnealingWarmRestarts(o, 5, 2, eta_min=0.1))
schedule('cosineWarmRestarts.even', lambda o: S.CosineAnnealingWarmRestarts(o, 7))
schedule('exponential', lambda o: S.ExponentialLR(o, 0.9))
schedule('step', lambda o: S.StepLR(o, 6, 0.5))
schedule('polynomial', lambda o: S.PolynomialLR(o, 30, 2.0))
schedule('linear', lambda o: S.LinearLR(o, 1.0, 0.2, 20))

print(json.dumps({
    'torch': torch.__version__,
    'cases': CASES,
    'batchNormRunning': CASES_RUNNING,
    'optimisers': OPTIMISERS,
    'schedules': SCHEDULES,
}))
