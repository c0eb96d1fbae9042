/** Text of graphs for several tests. */

/** A loop that sums the rows of x, and gives all sums in the reverse order. */
export const SUMS = `graph "sums" {
  %0 = param {name="x"} : f32[3,2]
  %1 = constant {values=[0]} : f32[2]
  %2 = loop %1 %0 {carries=1 trips=3 conditional=false sliceAxes=[0] sliceSteps=[1] stackAxes=[0] stackSteps=[-1] body=graph "body" {
    %0 = param {name="trip"} : i32[]
    %1 = param {name="sum"} : f32[2]
    %2 = param {name="row"} : f32[2]
    %3 = add %1 %2 : f32[2]
    return "sum"=%3 "sums"=%3
  }} : (f32[2], f32[3,2])
  %3 = result %2 {index=1} : f32[3,2]
  return "y"=%3
}
`;
