function y = sigmoid_(x)
  y = 1./(1 + exp(-x));
end


function y = softplus_(x)
  y = max(x, 0) + log1p(exp(-abs(x)));
end


function y = softmax_(x, axis)
  y = exp(x - max(x, [], axis));
  y = y./sum(y, axis);
end


function y = logsumexp_(x, axis)
  largest = max(x, [], axis);
  y = largest + log(sum(exp(x - largest), axis));
end


function f = lu_(A)
  [f.L, f.U, f.P] = lu(A);
end

function x = lu_solve_(f, b)
  x = f.U\(f.L\(f.P*b));
end

function x = lu_solve_transposed_(f, b)
  x = f.P'*(f.L'\(f.U'\b));
end


function y = logdet_(A)
  f = lu_(A);
  y = sum(log(abs(diag(f.U))));
end


function B = adjugate_(A)
  % det(A)*inv(A), also of a singular matrix, by its singular values.
  [U, S, V] = svd(A);
  s = diag(S);
  others = arrayfun(@(k) prod(s([1:k-1, k+1:end])), (1:numel(s))');
  B = det(U)*det(V)*(V*diag(others)*U');
end


function B = axes_(A, labels, all)
  % A, whose axes have these labels, with the axes `all`; those it has not are of length 1. A label twice takes the diagonal.
  n = arrayfun(@(k) size(A, k), 1:numel(labels));
  stride = cumprod([1, n(1:end-1)]);
  at = 1;
  shape = ones(1, max(numel(all), 2));
  for k = 1:numel(all)
    mine = labels == all(k);
    if any(mine)
      shape(k) = n(find(mine, 1));
      at = at + reshape((0:shape(k) - 1)*sum(stride(mine)), [ones(1, k - 1), shape(k), 1]);
    end
  end
  B = reshape(A(at), shape);
end


function C = contract_(A, a, B, b, out)
  % out(labels) = sum over the other labels of A(a).*B(b).
  all = [out, setdiff([a, b], out)];
  C = axes_(A, a, all).*axes_(B, b, all);
  for k = numel(out) + 1:numel(all)
    C = sum(C, k);
  end
end


function B = reshape_(A, order, shape)
  % The same entries, the last axis fastest, under other axes.
  if order > 1
    A = permute(A, order:-1:1);
  end
  B = reshape(A, [fliplr(shape), 1, 1]);
  if numel(shape) > 1
    B = permute(B, numel(shape):-1:1);
  end
end


function T = put_(T, part, axes, offsets)
  % Adds a part to T: along axis k of T runs its axis axes(k), or one place if that is 0.
  at = 1;
  stride = 1;
  for k = 1:numel(axes)
    if axes(k) == 0
      at = at + offsets(k)*stride;
    else
      n = size(part, axes(k));
      at = at + reshape((offsets(k):offsets(k) + n - 1)*stride, [ones(1, axes(k) - 1), n, 1]);
    end
    stride = stride*size(T, k);
  end
  T(at) = T(at) + part;
end


function S = select_(n, offset, length)
  S = eye(n);
  S = S(:, offset + 1:offset + length);
end


function M = merge_(m, n)
  M = reshape(eye(m*n), [m*n, m, n]);
end


function E = levi_civita_(k)
  E = zeros([k*ones(1, k), 1]);
  I = eye(k);
  for p = perms(1:k)'
    at = num2cell(p);
    E(at{:}) = round(det(I(p, :)));
  end
end


function D = duplication_(n)
  D = zeros(n*n, n*(n + 1)/2);
  for j = 1:n
    for i = 1:n
      low = min(i, j) - 1;
      D(i + n*(j - 1), n*low - low*(low + 1)/2 + max(i, j)) = 1;
    end
  end
end


function E = elimination_(n)
  E = eye(n*n);
  E = E(find(tril(ones(n))), :);
end


function A = real_(A)
  % A without imaginary parts that are rounding; NaN if they are more, so that there is no real value.
  if ~(max(abs(imag(A(:)))) <= 1e-8*max(abs(A(:)))) || any(isinf(A(:)))
    A = NaN(size(A));
  end
  A = real(A);
end


function B = sqrtm_(A)
  % The principal square root, of a symmetric matrix by its eigenvalues, of which those that are rounding count as 0.
  if norm(A - A', 1) <= 1e-13*norm(A, 1)
    [V, D] = eig((A + A')/2);
    d = diag(D);
    d(abs(d) <= 1e-13*max(abs(d))) = 0;
    B = real_(V*diag(sqrt(d))*V');
  else
    B = real_(sqrtm(A));
  end
end


function B = logm_(A)
  % The principal logarithm; NaN of a matrix that is singular but for rounding.
  sizes = abs(eig(A));
  if min(sizes) <= 1e-13*max(sizes)
    B = NaN(size(A));
  else
    B = real_(logm(A));
  end
end


function v = eigenvalue_(A, which)
  % The largest or the smallest eigenvalue.
  values = eig(A);
  [~, k] = which(real(values));
  v = real_(values(k));
end


function v = eigenvector_(A, which)
  % The eigenvector of length 1 of the largest or smallest eigenvalue; its entry of largest absolute value is positive.
  [V, D] = eig(A);
  [~, k] = which(real(diag(D)));
  v = real_(V(:, k));
  [~, k] = max(abs(v));
  v = v*(sign(v(k))/norm(v));
end


function L = frechet_(f, A, E)
  % The derivative of f at A in the direction E: the upper right block of f([A, E; 0, A]), with E as large as A.
  n = size(A, 1);
  scale = (1 + max(abs(A(:))))/(1e-30 + max(abs(E(:))));
  L = f([A, scale*E; zeros(n), A]);
  L = real_(L(1:n, n+1:end))/scale;
end


function K = frechet_matrix_(f, A)
  % The matrix K with L(:) = K*E(:) of the derivative L of f at A in any direction E.
  n = size(A, 1);
  K = zeros(n*n);
  for k = 1:n*n
    E = zeros(n);
    E(k) = 1;
    K(:, k) = reshape(frechet_(f, A, E), [], 1);
  end
end


function check_(name, value, expected)
  % The size of an argument has to be as expected; NaN stands for any length.
  seen = ones(1, max(numel(expected), ndims(value)));
  seen(1:ndims(value)) = size(value);
  expected(end + 1:numel(seen)) = 1;
  if any(seen ~= expected & ~isnan(expected))
    error('%s has the size %s, expected %s', name, mat2str(seen), mat2str(expected));
  end
end
