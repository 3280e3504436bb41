# SPDX-License-Identifier: MIT
# Makes the seeds in tests/fuzz/seeds/onnx: one small model per family of
# operators. Run from the root, with numpy and onnx installed.
import json

import numpy as np
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh

np.random.seed(1)
n = [0]

def save(nodes, ins, outs, inits, opset=17, meta=None):
    g=h.make_graph(nodes,'g',[h.make_tensor_value_info(a,T.FLOAT,s) for a,s in ins],[h.make_tensor_value_info(a,T.FLOAT,s) for a,s in outs],[nh.from_array(v,k) for k,v in inits.items()])
    m=h.make_model(g,opset_imports=[h.make_opsetid('',opset)])
    for k,v in (meta or {}).items():
        p=m.metadata_props.add(); p.key=k; p.value=v
    n[0]+=1; open(f'tests/fuzz/seeds/onnx/{n[0]:03d}','wb').write(m.SerializeToString())
f=lambda *s: np.random.randn(*s).astype('f4')
N=h.make_node
save([N('Gemm',['x','w','b'],['z'],transB=1),N('Tanh',['z'],['y'])],[('x',[1,2])],[('y',[1,3])],{'w':f(3,2),'b':f(3)},meta={'tactus.golden':json.dumps({"by":"x","tolerance":10,"observation":[[0,0]],"action":[[0,0,0]]}),'tactus.contract':json.dumps({"observations":[{"name":"q","shape":[2],"unit":"rad","scale":[1,2],"clip":[-1,1]}],"action":{"name":"u","kind":"k","unit":"u"}})})
save([N('Sub',['x','m'],['a']),N('Div',['a','s'],['b']),N('MatMul',['b','w'],['c']),N('Add',['bb','c'],['d']),N('Sigmoid',['d'],['e']),N('Mul',['d','e'],['f']),N('Split',['f'],['g','hh'],axis=-1),N('Tanh',['g'],['y'])],[('x',[1,4])],[('y',[1,2])],{'m':f(4),'s':f(4),'w':f(4,4),'bb':f(4)},11)
save([N('Unsqueeze',['x'],['u'],axes=[0]),N('LSTM',['u','w','r','b','','h_in','c_in'],['o','h_out','c_out'],hidden_size=3),N('Squeeze',['o'],['y'],axes=[1])],[('x',[1,2]),('h_in',[1,1,3]),('c_in',[1,1,3])],[('y',[1,1,3]),('h_out',[1,1,3]),('c_out',[1,1,3])],{'w':f(1,12,2),'r':f(1,12,3),'b':f(1,24)},11)
save([N('GRU',['x','w','r','b','','h_in'],['o','h_out'],hidden_size=3,linear_before_reset=0,direction='reverse')],[('x',[2,1,2]),('h_in',[1,1,3])],[('o',[2,1,1,3]),('h_out',[1,1,3])],{'w':f(1,9,2),'r':f(1,9,3),'b':f(1,18)},14)
save([N('Shape',['x'],['s']),N('ConstantOfShape',['s'],['c']),N('Add',['c','x'],['a']),N('Expand',['a','s'],['e']),N('ReduceSum',['e','ax'],['r'],keepdims=0),N('Softmax',['e'],['sm'],axis=-1),N('ArgMax',['sm'],['am'],axis=1),N('Concat',['sm','e'],['y'],axis=1)],[('x',[1,4])],[('y',[1,8]),('r',[1])],{'ax':np.array([1],'i8')})
save([N('Slice',['x','st','en','ax','sp'],['s']),N('Transpose',['s'],['t'],perm=[1,0]),N('Gather',['t','ix'],['g'],axis=0),N('Reshape',['g','sh'],['y'])],[('x',[2,6])],[('y',[1,-1])],{'st':np.array([5,0],'i8'),'en':np.array([-100,2],'i8'),'ax':np.array([1,0],'i8'),'sp':np.array([-2,1],'i8'),'ix':np.array([0,-1],'i8'),'sh':np.array([1,-1],'i8')})
save([N('LayerNormalization',['x','g','b'],['l'],axis=-1),N('BatchNormalization',['l','g','b','b','v'],['n']),N('Clip',['n','lo','hi'],['c']),N('Gemm',['c','w'],['p'],alpha=.5,transA=0),N('Gemm',['p','w'],['y'])],[('x',[1,4])],[('y',[1,4])],{'g':f(4),'b':f(4),'v':np.ones(4,'f4'),'lo':np.float32(-1),'hi':np.float32(1),'w':f(4,4)})
save([N('Div',['x','q'],['d']),N('Erf',['d'],['e']),N('Add',['e','o'],['a']),N('Mul',['x','a'],['m']),N('Mul',['m','hf'],['g']),N('Softplus',['g'],['sp']),N('Tanh',['sp'],['t']),N('Mul',['g','t'],['mi']),N('Where',['cnd','mi','g'],['y'])],[('x',[1,4])],[('y',[1,4])],{'q':np.float32(1.41421354),'o':np.float32(1),'hf':np.float32(.5),'cnd':np.array([True,False,True,True])})
save([N('Constant',[],['k'],value=nh.from_array(f(3))),N('Cast',['x'],['i'],to=7),N('Cast',['i'],['fl'],to=1),N('Flatten',['fl'],['ff']),N('Dropout',['ff'],['dd']),N('Max',['dd','k'],['mx']),N('Pow',['mx','k'],['y'])],[('x',[1,3])],[('y',[1,3])],{})
save([N(o,['x'],['y'+o]) for o in ['Relu','LeakyRelu','Elu','Selu','Celu','Softplus','HardSigmoid','HardSwish','Mish','Sqrt','Exp','Log','ReduceL2','ReduceMax','Squeeze','Neg']],[('x',[1,3])],[('y'+o,None) for o in ['Relu','Elu','Selu','ReduceMax','Squeeze','Mish']],{},18)
save([N('Conv',['x','w','b'],['c'],pads=[1,0,0,1],strides=[2,1]),N('MaxPool',['c'],['m'],kernel_shape=[2,2],ceil_mode=1),N('AveragePool',['m'],['a'],kernel_shape=[1,2],count_include_pad=1,auto_pad='SAME_UPPER'),N('ConvTranspose',['a','t'],['u'],output_padding=[1,0],strides=[2,2]),N('InstanceNormalization',['u','g','g'],['i']),N('GlobalAveragePool',['i'],['y'])],[('x',[1,1,6,5])],[('y',[1,2,1,1])],{'w':f(2,1,2,2),'b':f(2),'t':f(2,2,1,1),'g':f(2)})
save([N('QuantizeLinear',['x','s','z'],['q'],axis=0),N('DequantizeLinear',['q','s','z'],['d'],axis=0),N('RNN',['d','w','r'],['','y'],hidden_size=2,activations=['Relu'],layout=1),N('GroupNormalization',['d','g','g'],['k'],num_groups=1)],[('x',[2,1,3])],[('y',[2,1,2]),('k',[2,1,3])],{'s':np.array([.1,.2],'f4'),'z':np.array([0,1],'i1'),'w':f(1,2,3),'r':f(1,2,2),'g':f(1)},21)
